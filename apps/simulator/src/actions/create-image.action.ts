import { ApiError } from '../api-error.js';
import type { ImageOrder } from '../state/images.js';
import type { ActionCall } from './action.js';
import { readCreateImage, type CreateImageParameters } from './create-image.parameters.js';
import { disksOfInstance, disksOfSnapshots, imageableInstance } from './create-image.rules.js';

/** Answers with the id at once; the image itself is ready only later. A dry run checks all the same and creates nothing. */
export function createImage(call: ActionCall): Record<string, unknown> {
  const { behaviour, images } = call.cloud;
  const parameters = readCreateImage(call.parameters);
  const order = imageOrder(call, parameters);
  assertInstanceIdle(call, order.instanceId);
  assertNameFree(call, order.name);
  assertQuotaLeft(call);

  if (parameters.dryRun) return passedDryRun(behaviour.dryRunForm);
  const image = images.create(order, {
    durationMs: behaviour.imageDurationMs,
    visibilityDelayMs: call.imageFault.invisibleMs ?? behaviour.visibilityDelayMs,
    outcome: call.imageFault.createFailed ? 'CREATEFAILED' : 'NORMAL',
  });
  return { ImageId: image.imageId };
}

function imageOrder(call: ActionCall, parameters: CreateImageParameters): ImageOrder {
  const { caller, region, requestId } = call;
  const { name, description, instanceId, tags, family } = parameters;
  const inventory = call.cloud.inventoryOf(caller.uin);
  const common = {
    uin: caller.uin,
    region,
    name,
    description,
    instanceId,
    creator: caller.userId,
    tags,
    family,
    requestId,
  };

  if (instanceId === null) {
    const disks = disksOfSnapshots(inventory, parameters.snapshotIds, region);
    return { ...common, disks, osName: 'Other Linux', platform: 'Other Linux' };
  }
  const instance = imageableInstance(inventory, instanceId, region);
  const disks = disksOfInstance(inventory, instance, parameters.dataDiskIds);
  return { ...common, disks, osName: instance.osName, platform: instance.platform };
}

function assertInstanceIdle({ cloud, caller, region }: ActionCall, instanceId: string | null): void {
  if (instanceId === null) return;
  const isBusy = cloud.images
    .of(caller.uin, region)
    .some((image) => image.instanceId === instanceId && cloud.images.stateOf(image) === 'CREATING');
  if (!isBusy) return;
  throw new ApiError(
    'OperationDenied.InstanceOperationInProgress',
    `The instance \`${instanceId}\` has an operation in progress; try again later.`,
  );
}

/** A failed image, or one not yet visible, holds its name until it is deleted. */
function assertNameFree({ cloud, caller, region }: ActionCall, name: string): void {
  if (!cloud.behaviour.enforceUniqueNames) return;
  const isTaken = cloud.images.of(caller.uin, region).some((image) => image.name === name);
  if (isTaken) throw new ApiError('InvalidImageName.Duplicate', `The image name \`${name}\` already exists.`);
}

function assertQuotaLeft({ cloud, caller, region }: ActionCall): void {
  const quota = cloud.behaviour.imageQuota;
  if (cloud.images.of(caller.uin, region).length < quota) return;
  throw new ApiError('ImageQuotaLimitExceeded', `The quota of ${quota} images in ${region} is used up.`);
}

function passedDryRun(form: 'error' | 'success'): Record<string, unknown> {
  if (form === 'success') return {};
  throw new ApiError('DryRunOperation', 'The request would have succeeded, but the `DryRun` parameter was set.');
}
