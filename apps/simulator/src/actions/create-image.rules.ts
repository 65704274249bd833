import { ApiError } from '../api-error.js';
import type { Instance, Inventory, Snapshot } from '../state/inventory.js';
import type { ImageOrder } from '../state/images.js';

const DATA_DISK_GIB = 100;

const CODE_BY_INSTANCE_STATE: Record<string, string> = {
  PENDING: 'OperationDenied.InstanceOperationInProgress',
  LAUNCH_FAILED: 'InvalidInstance.NotSupported',
  SHUTDOWN: 'InvalidInstance.NotSupported',
  STARTING: 'UnsupportedOperation.InstanceStateStarting',
  STOPPING: 'UnsupportedOperation.InstanceStateStopping',
  REBOOTING: 'UnsupportedOperation.InstanceStateRebooting',
  TERMINATING: 'UnsupportedOperation.InstanceStateTerminating',
  FREEZING: 'UnsupportedOperation.InstanceStateFreezing',
  RESCUE_MODE: 'UnsupportedOperation.InstanceStateRescueMode',
  ENTER_RESCUE_MODE: 'UnsupportedOperation.InstanceStateEnterRescueMode',
  EXIT_RESCUE_MODE: 'UnsupportedOperation.InstanceStateExitRescueMode',
  SERVICE_LIVE_MIGRATE: 'UnsupportedOperation.InstanceStateServiceLiveMigrate',
  ENTER_SERVICE_LIVE_MIGRATE: 'UnsupportedOperation.InstanceStateEnterServiceLiveMigrate',
  REINSTALL_FAILED: 'UnsupportedOperation.InstanceReinstallFailed',
};

export const INSTANCE_STATES = ['RUNNING', 'STOPPED', ...Object.keys(CODE_BY_INSTANCE_STATE)];

const CODE_BY_DISK_KIND = {
  ROOT: 'InvalidParameter.DataDiskIdContainsRootDisk',
  LOCAL: 'InvalidParameter.LocalDataDiskNotSupport',
  SWAP: 'InvalidParameter.SwapDiskNotSupport',
} as const;

/** The instance must exist in the region and be in a state in which an image can be taken. */
export function imageableInstance(inventory: Inventory, instanceId: string, region: string): Instance {
  const instance = inventory.instance(instanceId, region);
  if (!instance) throw new ApiError('InvalidInstanceId.NotFound', `The instance \`${instanceId}\` does not exist.`);

  const code = CODE_BY_INSTANCE_STATE[instance.state];
  if (code) throw new ApiError(code, `The instance \`${instanceId}\` is in state ${instance.state}.`);
  if (instance.state === 'STOPPED' && instance.stopChargingMode === 'STOP_CHARGING') {
    throw new ApiError(
      'UnsupportedOperation.StoppedModeStopCharging',
      `The instance \`${instanceId}\` is stopped without charge.`,
    );
  }
  return instance;
}

/** The system disk, and the data disks asked for: each must be a cloud data disk of this very instance. */
export function disksOfInstance(inventory: Inventory, instance: Instance, dataDiskIds: string[]): ImageOrder['disks'] {
  for (const diskId of dataDiskIds) {
    const kind = inventory.diskKind(diskId, instance);
    if (kind === 'CLOUD') continue;
    const code = kind ? CODE_BY_DISK_KIND[kind] : 'InvalidParameter.DataDiskNotBelongSpecifiedInstance';
    throw new ApiError(code, `The disk \`${diskId}\` cannot be used with instance \`${instance.instanceId}\`.`);
  }
  const dataDisks = dataDiskIds.map(() => ({ usage: 'DATA_DISK' as const, sizeGib: DATA_DISK_GIB, snapshotId: null }));
  return [{ usage: 'SYSTEM_DISK', sizeGib: instance.systemDiskGib, snapshotId: null }, ...dataDisks];
}

/** Every snapshot must exist and be complete, and exactly one must be of a system disk. */
export function disksOfSnapshots(inventory: Inventory, snapshotIds: string[], region: string): ImageOrder['disks'] {
  const snapshots = snapshotIds.map((snapshotId, position) =>
    completeSnapshot(inventory, snapshotId, region, position),
  );
  const systemSnapshots = snapshots.filter((snapshot) => snapshot.type === 'SYSTEM_DISK').length;
  if (systemSnapshots === 0)
    throw new ApiError('InvalidParameter.SystemSnapshotNotFound', 'No system disk snapshot is given.');
  if (systemSnapshots > 1) {
    throw new ApiError('InvalidParameter.DuplicateSystemSnapshots', 'More than one system disk snapshot is given.');
  }
  return snapshots.map(({ snapshotId, type }) => ({
    usage: type,
    sizeGib: type === 'SYSTEM_DISK' ? 50 : DATA_DISK_GIB,
    snapshotId,
  }));
}

function completeSnapshot(inventory: Inventory, snapshotId: string, region: string, position: number): Snapshot {
  const snapshot = inventory.snapshot(snapshotId, region, position);
  if (!snapshot)
    throw new ApiError('InvalidParameter.SnapshotNotFound', `The snapshot \`${snapshotId}\` does not exist.`);
  if (snapshot.state === 'CREATING') {
    throw new ApiError('ResourceUnavailable.SnapshotCreating', `The snapshot \`${snapshotId}\` is being created.`);
  }
  return snapshot;
}
