import { ApiError } from '../api-error.js';
import type { Image } from '../state/images.js';
import type { ActionCall } from './action.js';
import { assertImageIds } from './describe-images.action.js';
import { readParameters, required } from './parameters.js';

const UNDELETABLE_STATES: readonly string[] = ['CREATING', 'SYNCING', 'IMPORTING'];

/** All or nothing: one id that cannot be deleted refuses the whole call. */
export function deleteImages(call: ActionCall): Record<string, unknown> {
  const { ImageIds, DryRun = false } = readParameters(call.parameters, {
    ImageIds: 'string[]',
    DeleteBindedSnap: 'boolean',
    DryRun: 'boolean',
  });
  const imageIds = required(ImageIds, 'ImageIds');
  if (imageIds.length === 0) throw new ApiError('InvalidParameterValue', '`ImageIds` must name at least one image.');
  assertImageIds(imageIds);

  const images = imageIds.map((imageId) => deletableImage(call, imageId));
  if (!DryRun) images.forEach((image) => call.cloud.images.delete(image.imageId));
  return {};
}

function deletableImage({ cloud, caller, region }: ActionCall, imageId: string): Image {
  const image = cloud.images.find(imageId);
  if (!image || image.uin !== caller.uin || image.region !== region) {
    throw new ApiError('InvalidImageId.NotFound', `The image \`${imageId}\` does not exist.`);
  }
  const state = cloud.images.stateOf(image);
  if (UNDELETABLE_STATES.includes(state)) {
    throw new ApiError('InvalidImageId.IncorrectState', `The image \`${imageId}\` is in state ${state}.`);
  }
  return image;
}
