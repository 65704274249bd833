import { refusalOf } from '../../test/refusal.js';
import type { Image } from '../state/images.js';
import { readFilters } from './filters.js';
import { imageMatches, isImageFilter } from './image-filters.js';

const IMAGE = {
  imageId: 'img-00000001',
  name: 'web-2026-01',
  platform: 'TencentOS',
  tags: [{ Key: 'tier', Value: 'web' }],
} as Image;

describe('Image filters', () => {
  it.each([
    ['image-name', ['web-2026-01'], true],
    ['image-name', ['2026'], true],
    ['image-name', ['WEB'], false],
    ['image-name', ['db', 'web'], true],
    ['image-id', ['img-00000001'], true],
    ['image-id', ['img-0000'], false],
    ['image-type', ['PRIVATE_IMAGE'], true],
    ['image-type', ['PUBLIC_IMAGE'], false],
    ['platform', ['Tencent'], true],
    ['tag-key', ['tier'], true],
    ['tag-key', ['tie'], false],
    ['tag-value', ['web'], true],
    ['tag:tier', ['web'], true],
    ['tag:tier', ['db'], false],
    ['tag:other', ['web'], false],
  ])('%s %j: %s', (name, values, matches) => {
    expect(imageMatches(IMAGE, [{ name, values }])).toBe(matches);
  });

  it('must all agree', () => {
    const filters = [
      { name: 'image-name', values: ['web'] },
      { name: 'image-type', values: ['PUBLIC_IMAGE'] },
    ];

    expect(imageMatches(IMAGE, filters)).toBe(false);
  });

  it.each(['image-state', 'tag:', 'constructor', ''])('know no filter %j', (name) => {
    expect(refusalOf(() => readFilters([{ Name: name, Values: ['x'] }], isImageFilter))).toBe('InvalidFilter');
  });

  it('are at most ten', () => {
    const filters = Array.from({ length: 11 }, () => ({ Name: 'image-id', Values: ['img-00000001'] }));

    expect(refusalOf(() => readFilters(filters, isImageFilter))).toBe('InvalidFilterValue.LimitExceeded');
  });
});
