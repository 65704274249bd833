import { useContainer } from 'class-validator';
import fc from 'fast-check';
import { InvalidInput } from '#libs/errors';
import { checkedBody } from '../http/input.pipe.js';
import { CreateImageRequest, imageOrderOf } from './create-image-request.dto.js';
import { KnownRegion } from './known-region.js';

const LEAST = {
  accountId: 'acc_01h455vb4pex5vsknk084sn02q',
  region: 'ap-guangzhou',
  imageName: 'myImage',
  instanceId: 'ins-6pb6lrmy',
};
const FROM_SNAPSHOTS = { ...LEAST, instanceId: undefined, snapshotIds: ['snap-3scgxvxn'] };

async function faultsOf(body: unknown): Promise<string[]> {
  try {
    await checkedBody(CreateImageRequest, body);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    return error.extensions.errors.map(({ pointer, code }) => `${pointer} ${code}`);
  }
}

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(8, '0')}`);
}

describe('The body of an image request', () => {
  beforeAll(() => {
    const knownRegion = new KnownRegion({ regions: ['ap-guangzhou', 'ap-singapore'] });
    useContainer({
      get: <T>(type: new () => T): T =>
        (type as unknown) === KnownRegion ? (knownRegion as unknown as T) : new type(),
    });
  });

  it.each([
    ['a list for an object in a list', { ...LEAST, tags: [[{ key: 'team', value: 'a' }]] }, '/tags/0 wrong_type'],
    ['an empty list for an object in a list', { ...LEAST, tags: [[]] }, '/tags/0 wrong_type'],
    ['an object for a list', { ...LEAST, tags: { key: 'team', value: 'a' } }, '/tags wrong_type'],
    ['an id that is far too long', { ...LEAST, instanceId: `ins-${'a'.repeat(61)}` }, '/instanceId malformed'],
    ['what every object has by birth', { ...LEAST, hasOwnProperty: 1 }, '/hasOwnProperty unknown_field'],
  ])('refuses %s', async (_what, body, fault) => {
    expect(await faultsOf(body)).toEqual([fault]);
  });

  it.each([
    ['the least there can be', LEAST],
    ['snapshots in place of an instance', FROM_SNAPSHOTS],
    ['a word in the name that has letters of a key', { ...LEAST, imageName: 'wikidata-backup-2024-nightly-full' }],
    ['a name of 60 characters, whatever they weigh', { ...LEAST, imageName: '👩‍💻'.repeat(20) }],
    [
      'null where nothing is given',
      { ...LEAST, snapshotIds: null, dataDiskIds: null, tags: null, metadata: null, priority: null },
    ],
    ['false where an instance would be needed', { ...FROM_SNAPSHOTS, sysprep: false, forcePoweroff: false }],
    ['fifty disks', { ...LEAST, dataDiskIds: ids('disk', 50) }],
    ['an id longer than today’s', { ...LEAST, instanceId: 'ins-6pb6lrmy6pb6lrmy' }],
    [
      'every name of a member of every object as a name of metadata',
      { ...LEAST, metadata: { constructor: '', toString: '', hasOwnProperty: '', length: '' } },
    ],
    ['a time with an offset', { ...LEAST, startDeadline: '2028-02-29T23:59:59.999+08:00' }],
  ])('may have %s', async (_what, body) => {
    expect(await faultsOf(body)).toEqual([]);
  });

  it.each([
    ['61 characters in the name', { ...LEAST, imageName: 'x'.repeat(61) }, '/imageName too_long'],
    ['an empty name', { ...LEAST, imageName: '' }, '/imageName too_short'],
    ['a key in the name', { ...LEAST, imageName: `of cvmk_${'a'.repeat(43)}` }, '/imageName holds_key'],
    ['a SecretId in the name', { ...LEAST, imageName: `of-AKID${'z'.repeat(32)}` }, '/imageName holds_key'],
    ['a line break in the name', { ...LEAST, imageName: 'a\nb' }, '/imageName control_character'],
    ['a delete character in the name', { ...LEAST, imageName: 'a\u0085b' }, '/imageName control_character'],
    ['a region that is not set', { ...LEAST, region: 'ap-tokyo' }, '/region unknown_region'],
    ['seven characters in an id', { ...LEAST, instanceId: 'ins-6pb6lrm' }, '/instanceId malformed'],
    ['a line behind an id', { ...LEAST, instanceId: 'ins-6pb6lrmy\n' }, '/instanceId malformed'],
    ['no source', { ...LEAST, instanceId: undefined }, '/instanceId required'],
    ['null for both sources', { ...LEAST, instanceId: null, snapshotIds: null }, '/instanceId required'],
    ['both sources', { ...LEAST, snapshotIds: ['snap-3scgxvxn'] }, '/snapshotIds conflict'],
    ['51 snapshots', { ...FROM_SNAPSHOTS, snapshotIds: ids('snap', 51) }, '/snapshotIds too_many'],
    ['no snapshot in the list', { ...FROM_SNAPSHOTS, snapshotIds: [] }, '/snapshotIds too_few'],
    [
      'a number among the snapshots',
      { ...FROM_SNAPSHOTS, snapshotIds: ['snap-3scgxvxn', 5] },
      '/snapshotIds/1 wrong_type',
    ],
    ['sysprep of snapshots', { ...FROM_SNAPSHOTS, sysprep: true }, '/sysprep conflict'],
    ['a description of 257 characters', { ...LEAST, imageDescription: 'x'.repeat(257) }, '/imageDescription too_long'],
    ['an empty family', { ...LEAST, imageFamily: '' }, '/imageFamily too_short'],
    ['half a priority', { ...LEAST, priority: 0.5 }, '/priority wrong_type'],
    ['less than no priority', { ...LEAST, priority: -1 }, '/priority too_small'],
    [
      '51 tags',
      { ...LEAST, tags: Array.from({ length: 51 }, (_, key) => ({ key: `k${key}`, value: 'v' })) },
      '/tags too_many',
    ],
    ['a tag without a value', { ...LEAST, tags: [{ key: 'a' }] }, '/tags/0/value required'],
    ['a reserved tag', { ...LEAST, tags: [{ key: 'project-x', value: 'v' }] }, '/tags/0/key reserved'],
    ['a space around a tag', { ...LEAST, tags: [{ key: 'a', value: 'v ' }] }, '/tags/0/value malformed'],
    [
      '21 pairs of metadata',
      { ...LEAST, metadata: Object.fromEntries(ids('k', 21).map((key) => [key, ''])) },
      '/metadata too_many',
    ],
    ['a nameless pair of metadata', { ...LEAST, metadata: { '': 'v' } }, '/metadata/ too_short'],
    ['a time without an offset', { ...LEAST, startDeadline: '2028-02-29T23:59:59' }, '/startDeadline malformed'],
    ['a day that no year has', { ...LEAST, startDeadline: '2027-02-29T00:00:00Z' }, '/startDeadline malformed'],
    ['a class of its own', { ...LEAST, constructor: 'x' }, '/constructor unknown_field'],
    [
      'a prototype of its own',
      JSON.parse(`${JSON.stringify(LEAST).slice(0, -1)}, "__proto__": {}}`),
      '/__proto__ unknown_field',
    ],
    [
      'a tag with a class of its own',
      { ...LEAST, tags: [{ key: 'a', value: 'v', constructor: 'x' }] },
      '/tags/0/constructor unknown_field',
    ],
  ])('may not have %s', async (_what, body: unknown, fault) => {
    expect(await faultsOf(body)).toEqual([fault]);
  });

  it('is refused or taken, whatever it is', async () => {
    const anything = fc.oneof(fc.anything(), fc.record(anyOf(LEAST)), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(anything, async (body) => {
        expect(Array.isArray(await faultsOf(body))).toBe(true);
      }),
    );
  });

  it('becomes an order with every default filled in', async () => {
    expect(imageOrderOf(await checkedBody(CreateImageRequest, LEAST))).toEqual({
      ...LEAST,
      snapshotIds: [],
      dataDiskIds: [],
      imageDescription: null,
      forcePoweroff: false,
      sysprep: false,
      dryRun: false,
      tags: [],
      imageFamily: null,
      priority: 5,
      startDeadline: null,
      metadata: {},
    });
  });
});

function anyOf(record: Readonly<Record<string, unknown>>): Record<string, fc.Arbitrary<unknown>> {
  return Object.fromEntries(Object.keys(record).map((key) => [key, fc.oneof(fc.constant(record[key]), fc.anything())]));
}
