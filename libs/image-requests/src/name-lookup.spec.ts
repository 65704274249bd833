import type { CloudImage } from '#libs/cloud';
import { newId } from '#libs/ids';
import type { Attempt } from './attempt.js';
import { imagesOfAttempts } from './name-lookup.js';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

const image = (imageId: string, more: Partial<CloudImage> = {}): CloudImage => ({
  imageId,
  imageName: 'name',
  state: 'CREATING',
  source: 'CREATE_IMAGE',
  type: 'PRIVATE_IMAGE',
  createdAt: at(30),
  snapshotIds: [],
  ...more,
});

const attempt = (startedAt: Date): Attempt => ({
  id: newId('att'),
  imageRequestId: newId('ireq'),
  tenantId: newId('ten'),
  number: 1,
  endpoint: 'cvm.intl.tencentcloudapi.com',
  region: 'ap-guangzhou',
  lane: 'lane',
  startedAt,
  tokenWaitMs: 0,
  finishedAt: startedAt,
  durationMs: 1,
  outcome: 'unknown',
  code: null,
  cause: 'timeout',
  upstreamRequestId: null,
  imageId: null,
});

const imageOfAttempts = (...given: Parameters<typeof imagesOfAttempts>): CloudImage | null =>
  imagesOfAttempts(...given)[0] ?? null;

describe('imagesOfAttempts', () => {
  it('finds the image that was made after the first unanswered attempt began', () => {
    expect(imageOfAttempts([image('img-a')], [attempt(at(29)), attempt(at(59))])?.imageId).toBe('img-a');
  });

  it('leaves an image alone that was there before, but for the slack of two clocks', () => {
    expect(imageOfAttempts([image('img-a', { createdAt: at(30) })], [attempt(at(36))])).toBeNull();
    expect(imageOfAttempts([image('img-a', { createdAt: at(30) })], [attempt(at(34))])?.imageId).toBe('img-a');
  });

  it('leaves an image alone that was imported or copied', () => {
    expect(imageOfAttempts([image('img-a', { source: 'EXTERNAL_IMPORT' })], [attempt(at(0))])).toBeNull();
  });

  it('takes the earliest of several, whichever way they are listed', () => {
    const images = [image('img-b', { createdAt: at(40) }), image('img-a', { createdAt: at(31) })];

    expect(imageOfAttempts(images, [attempt(at(30))])?.imageId).toBe('img-a');
    expect(imageOfAttempts(images.toReversed(), [attempt(at(30))])?.imageId).toBe('img-a');
  });

  it('finds the image that the cloud named in an answer, whenever it was made', () => {
    const accepted: Attempt = { ...attempt(at(50)), outcome: 'accepted', imageId: 'img-a' };

    expect(imageOfAttempts([image('img-b'), image('img-a', { createdAt: at(1) })], [accepted])?.imageId).toBe('img-a');
  });

  it('finds nothing for attempts that were refused', () => {
    expect(imageOfAttempts([image('img-a')], [{ ...attempt(at(0)), outcome: 'refused' }])).toBeNull();
  });

  it('finds nothing among nothing', () => {
    expect(imageOfAttempts([], [attempt(at(0))])).toBeNull();
  });
});
