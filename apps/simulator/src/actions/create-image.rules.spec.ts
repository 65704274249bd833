import { refusalOf } from '../../test/refusal.js';
import { Inventory, newInstance } from '../state/inventory.js';
import { disksOfInstance, disksOfSnapshots, imageableInstance } from './create-image.rules.js';

const REGION = 'ap-guangzhou';

function inventoryOf(content: Partial<Inventory>): Inventory {
  return Object.assign(new Inventory(), content);
}

describe('CreateImage against what an account owns', () => {
  it.each([
    ['ins-1', {}, 'InvalidInstanceId.NotFound'],
    ['ins-00000001', { instances: [] }, 'InvalidInstanceId.NotFound'],
    [
      'ins-00000001',
      { instances: [{ ...newInstance('ins-00000001'), region: 'ap-tokyo' }] },
      'InvalidInstanceId.NotFound',
    ],
    [
      'ins-00000001',
      { instances: [{ ...newInstance('ins-00000001'), state: 'STARTING' }] },
      'UnsupportedOperation.InstanceStateStarting',
    ],
    [
      'ins-00000001',
      { instances: [{ ...newInstance('ins-00000001'), state: 'STOPPED', stopChargingMode: 'STOP_CHARGING' }] },
      'UnsupportedOperation.StoppedModeStopCharging',
    ],
  ])('refuses instance %s of %j with %s', (instanceId, content, code) => {
    expect(refusalOf(() => imageableInstance(inventoryOf(content), instanceId, REGION))).toBe(code);
  });

  it('takes any well-formed instance, running or stopped, when any exists', () => {
    const inventory = inventoryOf({ stateOverrides: new Map([['ins-00000001', 'STOPPED']]) });

    expect(imageableInstance(inventory, 'ins-00000001', REGION).state).toBe('STOPPED');
    expect(imageableInstance(inventory, 'ins-00000002', REGION).state).toBe('RUNNING');
  });

  it.each([
    ['disk-00000009', 'InvalidParameter.DataDiskNotBelongSpecifiedInstance'],
    ['disk-0000root', 'InvalidParameter.DataDiskIdContainsRootDisk'],
    ['disk-000local', 'InvalidParameter.LocalDataDiskNotSupport'],
    ['disk-0000swap', 'InvalidParameter.SwapDiskNotSupport'],
  ])('refuses %s with %s', (diskId, code) => {
    const disk = (id: string, kind: 'CLOUD' | 'ROOT' | 'LOCAL' | 'SWAP') => ({
      diskId: id,
      instanceId: 'ins-00000001',
      kind,
    });
    const inventory = inventoryOf({
      dataDisks: [disk('disk-0000root', 'ROOT'), disk('disk-000local', 'LOCAL'), disk('disk-0000swap', 'SWAP')],
    });

    expect(refusalOf(() => disksOfInstance(inventory, newInstance('ins-00000001'), [diskId]))).toBe(code);
  });

  it('takes the disks an instance lists, and no others', () => {
    const instance = { ...newInstance('ins-00000001'), dataDiskIds: ['disk-00000001'] };

    expect(disksOfInstance(new Inventory(), instance, ['disk-00000001'])).toHaveLength(2);
    expect(refusalOf(() => disksOfInstance(new Inventory(), instance, ['disk-00000002']))).toBe(
      'InvalidParameter.DataDiskNotBelongSpecifiedInstance',
    );
  });

  it.each([
    [['snap-00000009'], 'InvalidParameter.SnapshotNotFound'],
    [['snap-00000003'], 'InvalidParameter.SystemSnapshotNotFound'],
    [['snap-00000001', 'snap-00000002'], 'InvalidParameter.DuplicateSystemSnapshots'],
    [['snap-00000004'], 'ResourceUnavailable.SnapshotCreating'],
  ])('refuses the snapshots %j with %s', (snapshotIds, code) => {
    const snapshot = { region: null, state: 'NORMAL' as const, type: 'SYSTEM_DISK' as const };
    const inventory = inventoryOf({
      snapshots: [
        { ...snapshot, snapshotId: 'snap-00000001' },
        { ...snapshot, snapshotId: 'snap-00000002' },
        { ...snapshot, snapshotId: 'snap-00000003', type: 'DATA_DISK' },
        { ...snapshot, snapshotId: 'snap-00000004', state: 'CREATING' },
      ],
    });

    expect(refusalOf(() => disksOfSnapshots(inventory, snapshotIds, REGION))).toBe(code);
  });

  it('counts the first snapshot as the system one when any exists', () => {
    const disks = disksOfSnapshots(new Inventory(), ['snap-00000001', 'snap-00000002'], REGION);

    expect(disks.map((disk) => disk.usage)).toEqual(['SYSTEM_DISK', 'DATA_DISK']);
  });
});
