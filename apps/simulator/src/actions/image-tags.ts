import { ApiError } from '../api-error.js';
import type { Tag } from '../state/images.js';
import { countCodePoints, readParameters, required } from './parameters.js';

const TAGS_MAX = 50;
const KEY_MAX = 127;
const VALUE_MAX = 255;
const RESERVED_PREFIXES = ['qcs:', 'project'];
const ALLOWED = /^[\p{L}\p{M}\p{N} +\-=._:/@()[\],;><]+$/u;

/** The tag service's rules; the one resource type that CreateImage takes is `image`. */
export function readImageTags(specifications: Record<string, unknown>[]): Tag[] {
  const tags = specifications.flatMap((entry) => {
    const { ResourceType, Tags } = readParameters(entry, { ResourceType: 'string', Tags: 'object[]' });
    if (required(ResourceType, 'TagSpecification.ResourceType') !== 'image')
      throw invalid('ResourceType must be `image`');
    return required(Tags, 'TagSpecification.Tags').map(readTag);
  });
  if (tags.length > TAGS_MAX) {
    throw new ApiError('InvalidParameterValue.TagQuotaLimitExceeded', `A resource takes at most ${TAGS_MAX} tags.`);
  }
  if (new Set(tags.map((tag) => tag.Key)).size !== tags.length) throw invalid('a key stands twice');
  return tags;
}

function readTag(entry: Record<string, unknown>): Tag {
  const { Key, Value } = readParameters(entry, { Key: 'string', Value: 'string' });
  const key = required(Key, 'Tag.Key');
  const value = required(Value, 'Tag.Value');
  assertText(key, 'key', KEY_MAX);
  assertText(value, 'value', VALUE_MAX);
  if (RESERVED_PREFIXES.some((prefix) => key.startsWith(prefix))) throw invalid(`the key \`${key}\` is reserved`);
  return { Key: key, Value: value };
}

function assertText(text: string, part: 'key' | 'value', maximum: number): void {
  if (text.length === 0 || countCodePoints(text) > maximum)
    throw invalid(`a ${part} must have 1 to ${maximum} characters`);
  if (text !== text.trim()) throw invalid(`a ${part} must not begin or end with a space`);
  if (!ALLOWED.test(text)) throw invalid(`the ${part} \`${text}\` has a character that is not allowed`);
}

function invalid(reason: string): ApiError {
  return new ApiError('InvalidParameterValue', `The value of \`TagSpecification\` is not valid: ${reason}.`);
}
