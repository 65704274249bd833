import { ApiError } from '../api-error.js';
import type { Instance } from '../state/inventory.js';
import type { ActionCall } from './action.js';
import { readFilters } from './filters.js';
import { pageOf, readPage, readParameters } from './parameters.js';

const INSTANCE_ID = /^ins-[a-z0-9]+$/;
const INSTANCE_IDS_MAX = 100;

/** Where any instance exists, only those asked for by id, or whose state was set, can be listed. */
export function describeInstances(call: ActionCall): Record<string, unknown> {
  const given = readParameters(call.parameters, {
    InstanceIds: 'string[]',
    Filters: 'object[]',
    Offset: 'integer',
    Limit: 'integer',
  });
  const { InstanceIds: instanceIds = [], Filters: filterEntries = [] } = given;
  if (instanceIds.length > 0 && filterEntries.length > 0) {
    throw new ApiError('InvalidParameter', '`InstanceIds` and `Filters` cannot be specified at the same time.');
  }
  const filters = readFilters(filterEntries, (name) => name === 'instance-id');
  const wantedIds =
    filters.reduce<string[] | null>((ids, filter) => intersect(ids, filter.values), null) ?? instanceIds;
  assertInstanceIds(wantedIds);
  const page = readPage(given, 'InvalidParameterValue.LimitExceeded');

  const isAsked = instanceIds.length > 0 || filters.length > 0;
  const found = (isAsked ? wantedIds : knownIds(call)).flatMap((instanceId) => instanceOf(call, instanceId) ?? []);
  return { InstanceSet: pageOf(found, page).map((instance) => instanceView(call, instance)), TotalCount: found.length };
}

function assertInstanceIds(instanceIds: string[]): void {
  if (instanceIds.length > INSTANCE_IDS_MAX) {
    throw new ApiError('InvalidParameterValue.LimitExceeded', `At most ${INSTANCE_IDS_MAX} instance ids are allowed.`);
  }
  const malformed = instanceIds.find((instanceId) => !INSTANCE_ID.test(instanceId));
  if (malformed !== undefined)
    throw new ApiError('InvalidInstanceId.Malformed', `The instance id \`${malformed}\` is malformed.`);
}

function knownIds({ cloud, caller }: ActionCall): string[] {
  const { instances, stateOverrides } = cloud.inventoryOf(caller.uin);
  return instances === 'any' ? [...stateOverrides.keys()] : instances.map((instance) => instance.instanceId);
}

function instanceOf({ cloud, caller, region }: ActionCall, instanceId: string): Instance | undefined {
  return cloud.inventoryOf(caller.uin).instance(instanceId, region);
}

/** That CreateImage shows up as the latest operation is a guess: no page says so, none denies it. */
function instanceView({ cloud, caller, region }: ActionCall, instance: Instance): Record<string, unknown> {
  const latestImage = cloud.images.of(caller.uin, region).find((image) => image.instanceId === instance.instanceId);
  const imageState = latestImage ? cloud.images.stateOf(latestImage) : null;
  const operationState = imageState === 'CREATING' ? 'OPERATING' : imageState === 'CREATEFAILED' ? 'FAILED' : 'SUCCESS';
  return {
    Placement: { Zone: `${region}-1`, ProjectId: 0 },
    InstanceId: instance.instanceId,
    InstanceName: instance.instanceId,
    InstanceType: 'S5.MEDIUM4',
    InstanceState: instance.state,
    InstanceChargeType: 'POSTPAID_BY_HOUR',
    StopChargingMode: instance.stopChargingMode,
    OsName: instance.osName,
    SystemDisk: { DiskType: 'CLOUD_PREMIUM', DiskSize: instance.systemDiskGib },
    DataDisks: (instance.dataDiskIds ?? []).map((diskId) => ({
      DiskId: diskId,
      DiskType: 'CLOUD_PREMIUM',
      DiskSize: 100,
    })),
    LatestOperation: latestImage ? 'CreateImage' : null,
    LatestOperationState: latestImage ? operationState : null,
    LatestOperationRequestId: latestImage?.requestId ?? null,
    LatestOperationErrorMsg:
      latestImage && operationState === 'FAILED' ? 'The snapshot of the system disk failed.' : null,
  };
}

function intersect(ids: string[] | null, values: string[]): string[] {
  return ids ? ids.filter((id) => values.includes(id)) : values;
}
