import type { Image } from '../state/images.js';
import type { Filter } from './filters.js';

/** The fields of an image that each filter is held against. One equal, or for a fuzzy filter containing, value suffices. */
const FILTERED_VALUES: Record<string, { fuzzy: boolean; of: (image: Image) => string[] }> = {
  'image-id': { fuzzy: false, of: (image) => [image.imageId] },
  'image-type': { fuzzy: false, of: () => ['PRIVATE_IMAGE'] },
  'image-name': { fuzzy: true, of: (image) => [image.name] },
  platform: { fuzzy: true, of: (image) => [image.platform] },
  'tag-key': { fuzzy: false, of: (image) => image.tags.map((tag) => tag.Key) },
  'tag-value': { fuzzy: false, of: (image) => image.tags.map((tag) => tag.Value) },
};

const TAG_PREFIX = 'tag:';

export function isImageFilter(name: string): boolean {
  return Object.hasOwn(FILTERED_VALUES, name) || (name.startsWith(TAG_PREFIX) && name.length > TAG_PREFIX.length);
}

/** All filters must agree; of one filter's values, any. */
export function imageMatches(image: Image, filters: Filter[]): boolean {
  return filters.every((filter) => matchesOne(image, filter));
}

function matchesOne(image: Image, filter: Filter): boolean {
  if (filter.name.startsWith(TAG_PREFIX)) {
    const key = filter.name.slice(TAG_PREFIX.length);
    return image.tags.some((tag) => tag.Key === key && filter.values.includes(tag.Value));
  }
  const rule = FILTERED_VALUES[filter.name];
  if (!rule) return false;
  return rule
    .of(image)
    .some((actual) => filter.values.some((wanted) => (rule.fuzzy ? actual.includes(wanted) : actual === wanted)));
}
