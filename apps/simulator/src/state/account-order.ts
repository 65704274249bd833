import { INSTANCE_STATES } from '../actions/create-image.rules.js';
import {
  anyOrListOf,
  fields,
  flag,
  integerFrom,
  listOf,
  mapOf,
  nullable,
  oneOf,
  optional,
  text,
  type Reader,
} from '../json-reader.js';
import { newInstance, type Disk, type Instance, type Inventory, type Snapshot } from './inventory.js';

const instanceState = oneOf(INSTANCE_STATES);

const instanceFields = fields({
  instanceId: text,
  region: optional(nullable(text)),
  state: optional(instanceState),
  dataDiskIds: optional(nullable(listOf(text))),
  stopChargingMode: optional(oneOf(['KEEP_CHARGING', 'STOP_CHARGING', 'NOT_APPLICABLE'])),
  platform: optional(text),
  osName: optional(text),
  systemDiskGib: optional(integerFrom(1)),
});

const instance: Reader<Instance> = (value, path) => {
  const { instanceId, ...given } = instanceFields(value, path);
  const chosen = Object.fromEntries(Object.entries(given).filter(([, setting]) => setting !== undefined));
  return { ...newInstance(instanceId), ...chosen };
};

const disk: Reader<Disk> = fields({
  diskId: text,
  instanceId: text,
  kind: optional(oneOf(['CLOUD', 'ROOT', 'LOCAL', 'SWAP']), 'CLOUD' as const),
});

const snapshot: Reader<Snapshot> = fields({
  snapshotId: text,
  type: oneOf(['SYSTEM_DISK', 'DATA_DISK']),
  region: optional(nullable(text), null),
  state: optional(oneOf(['NORMAL', 'CREATING']), 'NORMAL' as const),
});

const inventoryReaders = {
  instances: optional(anyOrListOf(instance)),
  dataDisks: optional(anyOrListOf(disk)),
  snapshots: optional(anyOrListOf(snapshot)),
  instanceStates: optional(mapOf(nullable(instanceState))),
};

/** A sub-account with one key, and what its root account owns. */
export const readAccountOrder = fields({
  uin: text,
  userId: text,
  secretId: text,
  secretKey: text,
  ...inventoryReaders,
});

export const readAccountChange = fields({ disabled: optional(flag), secretKey: optional(text), ...inventoryReaders });

export type AccountOrder = ReturnType<typeof readAccountOrder>;

type InventoryChange = Pick<AccountOrder, 'instances' | 'dataDisks' | 'snapshots' | 'instanceStates'>;

/** What is not named stays. A state of null gives the instance its listed state back. */
export function changeInventory(inventory: Inventory, change: InventoryChange): void {
  inventory.instances = change.instances ?? inventory.instances;
  inventory.dataDisks = change.dataDisks ?? inventory.dataDisks;
  inventory.snapshots = change.snapshots ?? inventory.snapshots;
  for (const [instanceId, state] of Object.entries(change.instanceStates ?? {})) {
    if (state === null) inventory.stateOverrides.delete(instanceId);
    else inventory.stateOverrides.set(instanceId, state);
  }
}
