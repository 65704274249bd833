import { ApiError } from '../api-error.js';
import type { Tag } from '../state/images.js';
import { readImageTags } from './image-tags.js';
import { countCodePoints, readParameters, required } from './parameters.js';

const IMAGE_NAME_MAX = 60;
const DESCRIPTION_MAX = 256;

export interface CreateImageParameters {
  name: string;
  description: string;
  /** Exactly one of `instanceId` and `snapshotIds` is set. */
  instanceId: string | null;
  snapshotIds: string[];
  dataDiskIds: string[];
  dryRun: boolean;
  tags: Tag[];
  family: string | null;
}

/** Every rule that can be judged from the request alone, each with its code. */
export function readCreateImage(given: Record<string, unknown>): CreateImageParameters {
  const parameters = readParameters(given, {
    ImageName: 'string',
    InstanceId: 'string',
    ImageDescription: 'string',
    ForcePoweroff: 'string',
    Sysprep: 'string',
    DataDiskIds: 'string[]',
    SnapshotIds: 'string[]',
    DryRun: 'boolean',
    TagSpecification: 'object[]',
    ImageFamily: 'string',
  });
  const { InstanceId = null, SnapshotIds = [], DataDiskIds = [], ImageFamily = null } = parameters;

  assertTrueOrFalse(parameters.ForcePoweroff, 'ForcePoweroff');
  assertTrueOrFalse(parameters.Sysprep, 'Sysprep');
  assertUnique(DataDiskIds, 'DataDiskIds');
  assertSource(InstanceId, SnapshotIds, DataDiskIds);
  if (ImageFamily === '')
    throw new ApiError('InvalidParameterValue.InvalidImageFamily', 'The image family must not be empty.');

  return {
    name: readName(parameters.ImageName),
    description: readDescription(parameters.ImageDescription),
    instanceId: InstanceId,
    snapshotIds: SnapshotIds,
    dataDiskIds: DataDiskIds,
    dryRun: parameters.DryRun ?? false,
    tags: readImageTags(parameters.TagSpecification ?? []),
    family: ImageFamily,
  };
}

function readName(given: string | undefined): string {
  const name = required(given, 'ImageName');
  if (name.trim() === '') throw new ApiError('InvalidParameterValue', 'The value of `ImageName` must not be blank.');
  if (countCodePoints(name) > IMAGE_NAME_MAX) throw tooLong('ImageName', IMAGE_NAME_MAX);
  return name;
}

function readDescription(description = ''): string {
  if (countCodePoints(description) > DESCRIPTION_MAX) throw tooLong('ImageDescription', DESCRIPTION_MAX);
  return description;
}

function tooLong(name: string, maximum: number): ApiError {
  return new ApiError('InvalidParameter.ValueTooLarge', `The parameter \`${name}\` exceeds ${maximum} characters.`);
}

function assertTrueOrFalse(value: string | undefined, name: string): void {
  if (value === undefined || ['true', 'false'].includes(value.toLowerCase())) return;
  throw new ApiError('InvalidParameterValue', `The value of \`${name}\` must be \`true\` or \`false\`.`);
}

function assertUnique(ids: string[], name: string): void {
  if (new Set(ids).size !== ids.length) throw new ApiError('InvalidParameterValue', `\`${name}\` names an id twice.`);
}

function assertSource(instanceId: string | null, snapshotIds: string[], dataDiskIds: string[]): void {
  if (instanceId !== null && snapshotIds.length > 0) {
    throw new ApiError('InvalidParameterConflict', 'Specify either `InstanceId` or `SnapshotIds`, not both.');
  }
  if (instanceId === null && dataDiskIds.length > 0) {
    throw new ApiError('InvalidParameter.InvalidDependence', '`DataDiskIds` can be used with `InstanceId` only.');
  }
  if (instanceId === null && snapshotIds.length === 0) {
    throw new ApiError('InvalidParameter.SpecifyOneParameter', 'Specify one of `InstanceId` and `SnapshotIds`.');
  }
}
