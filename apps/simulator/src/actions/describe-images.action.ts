import { ApiError } from '../api-error.js';
import type { ActionCall } from './action.js';
import { readFilters } from './filters.js';
import { imageMatches, isImageFilter } from './image-filters.js';
import { imageView } from './image.view.js';
import { pageOf, readPage, readParameters } from './parameters.js';

const IMAGE_ID = /^img-[0-9a-z]{8}$/;
const IMAGE_IDS_MAX = 100;

/** Newest first. An id that is unknown, of another account or not yet visible is just absent. */
export function describeImages({ cloud, caller, region, parameters }: ActionCall): Record<string, unknown> {
  const given = readParameters(parameters, {
    ImageIds: 'string[]',
    Filters: 'object[]',
    Offset: 'integer',
    Limit: 'integer',
    InstanceType: 'string',
  });
  const { ImageIds: imageIds = [], Filters: filterEntries = [] } = given;
  if (imageIds.length > 0 && filterEntries.length > 0) {
    throw new ApiError(
      'InvalidParameter.InvalidParameterCoexistImageIdsFilters',
      '`ImageIds` and `Filters` cannot be specified at the same time.',
    );
  }
  assertImageIds(imageIds);
  const page = readPage(given, 'InvalidParameterValue.InvalidParameterValueLimit');
  const filters = readFilters(filterEntries, isImageFilter);

  const wantedIds = new Set(imageIds);
  const found = cloud.images
    .of(caller.uin, region)
    .filter((image) => cloud.images.isVisible(image))
    .filter((image) => wantedIds.size === 0 || wantedIds.has(image.imageId))
    .filter((image) => imageMatches(image, filters));
  const shown = pageOf(found, page);
  return { ImageSet: shown.map((image) => imageView(image, cloud.images.stateOf(image))), TotalCount: found.length };
}

export function assertImageIds(imageIds: string[]): void {
  if (imageIds.length > IMAGE_IDS_MAX) {
    throw new ApiError('InvalidParameterValue.LimitExceeded', `At most ${IMAGE_IDS_MAX} image ids are allowed.`);
  }
  const malformed = imageIds.find((imageId) => !IMAGE_ID.test(imageId));
  if (malformed !== undefined)
    throw new ApiError('InvalidImageId.Malformed', `The image id \`${malformed}\` is malformed.`);
}
