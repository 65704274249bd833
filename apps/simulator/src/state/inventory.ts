export type DiskKind = 'CLOUD' | 'ROOT' | 'LOCAL' | 'SWAP';

export interface Instance {
  instanceId: string;
  /** Null: found in every region. */
  region: string | null;
  state: string;
  /** Null: the account's disk list, or its openness, decides. */
  dataDiskIds: string[] | null;
  stopChargingMode: string;
  platform: string;
  osName: string;
  systemDiskGib: number;
}

export interface Disk {
  diskId: string;
  instanceId: string;
  kind: DiskKind;
}

export interface Snapshot {
  snapshotId: string;
  type: 'SYSTEM_DISK' | 'DATA_DISK';
  region: string | null;
  state: 'NORMAL' | 'CREATING';
}

const ID_TEXT = '[a-z0-9]{8,}';
const INSTANCE_ID = new RegExp(`^ins-${ID_TEXT}$`);
const DISK_ID = new RegExp(`^disk-${ID_TEXT}$`);
const SNAPSHOT_ID = new RegExp(`^snap-${ID_TEXT}$`);

export function newInstance(instanceId: string): Instance {
  return {
    instanceId,
    region: null,
    state: 'RUNNING',
    dataDiskIds: null,
    stopChargingMode: 'NOT_APPLICABLE',
    platform: 'TencentOS',
    osName: 'TencentOS Server 4 for x86_64',
    systemDiskGib: 50,
  };
}

/**
 * What one root account owns. Each kind is either `any` (every well-formed id exists: enough for most tests) or a list,
 * and then nothing else exists. States may be set for any instance, listed or not.
 */
export class Inventory {
  instances: 'any' | Instance[] = 'any';
  dataDisks: 'any' | Disk[] = 'any';
  snapshots: 'any' | Snapshot[] = 'any';
  readonly stateOverrides = new Map<string, string>();

  instance(instanceId: string, region: string): Instance | undefined {
    const found = this.listedInstance(instanceId, region);
    const state = this.stateOverrides.get(instanceId);
    return found && state !== undefined ? { ...found, state } : found;
  }

  /** Null when the disk is not one of this instance's. */
  diskKind(diskId: string, instance: Instance): DiskKind | null {
    if (this.dataDisks !== 'any') {
      const listed = this.dataDisks.find((disk) => disk.diskId === diskId && disk.instanceId === instance.instanceId);
      if (listed) return listed.kind;
    }
    if (instance.dataDiskIds) return instance.dataDiskIds.includes(diskId) ? 'CLOUD' : null;
    return this.dataDisks === 'any' && DISK_ID.test(diskId) ? 'CLOUD' : null;
  }

  /** With `any`, the first of a list counts as the system disk's snapshot, so that every list has exactly one. */
  snapshot(snapshotId: string, region: string, position: number): Snapshot | undefined {
    if (this.snapshots !== 'any') {
      return this.snapshots.find((snapshot) => snapshot.snapshotId === snapshotId && isIn(snapshot, region));
    }
    if (!SNAPSHOT_ID.test(snapshotId)) return undefined;
    return { snapshotId, type: position === 0 ? 'SYSTEM_DISK' : 'DATA_DISK', region, state: 'NORMAL' };
  }

  private listedInstance(instanceId: string, region: string): Instance | undefined {
    if (this.instances === 'any') return INSTANCE_ID.test(instanceId) ? newInstance(instanceId) : undefined;
    return this.instances.find((instance) => instance.instanceId === instanceId && isIn(instance, region));
  }
}

function isIn(resource: { region: string | null }, region: string): boolean {
  return resource.region === null || resource.region === region;
}
