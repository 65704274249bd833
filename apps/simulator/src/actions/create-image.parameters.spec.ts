import { refusalOf } from '../../test/refusal.js';
import { readCreateImage } from './create-image.parameters.js';

const GOOD = { ImageName: 'web-1', InstanceId: 'ins-00000001' };

function tagged(...tags: unknown[]): Record<string, unknown> {
  return { ...GOOD, TagSpecification: [{ ResourceType: 'image', Tags: tags }] };
}

describe('readCreateImage', () => {
  it.each<[string, Record<string, unknown>]>([
    ['the least', GOOD],
    ['60 characters outside the basic plane', { ...GOOD, ImageName: '😀'.repeat(60) }],
    ['256 characters of description', { ...GOOD, ImageDescription: 'x'.repeat(256) }],
    ['ForcePoweroff in any case', { ...GOOD, ForcePoweroff: 'TRUE', Sysprep: 'False' }],
    ['snapshots alone', { ImageName: 'web-1', SnapshotIds: ['snap-00000001'] }],
    ['an instance and no snapshots', { ...GOOD, SnapshotIds: [] }],
    ['data disks', { ...GOOD, DataDiskIds: ['disk-00000001'] }],
    ['tags with every special character', tagged({ Key: 'a+-=._:/@()[],;><', Value: '名 1' })],
  ])('takes %s', (_, parameters) => {
    expect(refusalOf(() => readCreateImage(parameters))).toBeNull();
  });

  it.each<[string, Record<string, unknown>]>([
    ['MissingParameter', { InstanceId: 'ins-00000001' }],
    ['InvalidParameterValue', { ...GOOD, ImageName: '  ' }],
    ['InvalidParameter.ValueTooLarge', { ...GOOD, ImageName: 'x'.repeat(61) }],
    ['InvalidParameter.ValueTooLarge', { ...GOOD, ImageDescription: 'x'.repeat(257) }],
    ['InvalidParameter', { ...GOOD, ImageName: 1 }],
    ['InvalidParameter', { ...GOOD, ForcePoweroff: true }],
    ['InvalidParameter', { ...GOOD, Sysprep: false }],
    ['InvalidParameter', { ...GOOD, DryRun: 'true' }],
    ['InvalidParameter', { ...GOOD, DataDiskIds: 'disk-00000001' }],
    ['InvalidParameter', { ...GOOD, ImageDescription: null }],
    ['InvalidParameterValue', { ...GOOD, ForcePoweroff: 'yes' }],
    ['UnknownParameter', { ...GOOD, imageName: 'web-1' }],
    ['UnknownParameter', { ...GOOD, ClientToken: 'token' }],
    ['InvalidParameterConflict', { ...GOOD, SnapshotIds: ['snap-00000001'] }],
    ['InvalidParameter.SpecifyOneParameter', { ImageName: 'web-1' }],
    ['InvalidParameter.SpecifyOneParameter', { ImageName: 'web-1', SnapshotIds: [] }],
    [
      'InvalidParameter.InvalidDependence',
      { ImageName: 'web-1', SnapshotIds: ['snap-00000001'], DataDiskIds: ['disk-00000001'] },
    ],
    ['InvalidParameterValue', { ...GOOD, DataDiskIds: ['disk-00000001', 'disk-00000001'] }],
    ['InvalidParameterValue.InvalidImageFamily', { ...GOOD, ImageFamily: '' }],
    ['InvalidParameterValue', { ...GOOD, TagSpecification: [{ ResourceType: 'instance', Tags: [] }] }],
    ['MissingParameter', { ...GOOD, TagSpecification: [{ Tags: [] }] }],
    ['UnknownParameter', { ...GOOD, TagSpecification: [{ ResourceType: 'image', Tags: [], Extra: 1 }] }],
    ['MissingParameter', tagged({ Key: 'tier' })],
    ['UnknownParameter', tagged({ key: 'tier', Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: '', Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: 'x'.repeat(128), Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: 'tier', Value: 'x'.repeat(256) })],
    ['InvalidParameterValue', tagged({ Key: ' tier', Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: 'tier', Value: 'web ' })],
    ['InvalidParameterValue', tagged({ Key: 'qcs:tier', Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: 'project-x', Value: 'web' })],
    ['InvalidParameterValue', tagged({ Key: 'tier', Value: 'web?' })],
    ['InvalidParameterValue', tagged({ Key: 'tier', Value: 'web' }, { Key: 'tier', Value: 'db' })],
    [
      'InvalidParameterValue.TagQuotaLimitExceeded',
      tagged(...Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: 'v' }))),
    ],
  ])('refuses with %s: %j', (code, parameters) => {
    expect(refusalOf(() => readCreateImage(parameters))).toBe(code);
  });
});
