import { createImageParameters } from './create-image-call.js';
import { callOf } from './test-calls.js';

describe('createImageParameters', () => {
  it('sends every field in the form that the cloud wants', () => {
    const call = callOf({
      dataDiskIds: ['disk-1', 'disk-2'],
      imageDescription: 'nightly',
      forcePoweroff: true,
      sysprep: true,
      dryRun: true,
      tags: [
        { key: 'team', value: 'web' },
        { key: 'stage', value: 'prod' },
      ],
      imageFamily: 'business-daily-update',
    });
    expect(createImageParameters(call)).toEqual({
      ImageName: 'web-2026-01-01',
      InstanceId: 'ins-1a2b3c4d',
      DataDiskIds: ['disk-1', 'disk-2'],
      ImageDescription: 'nightly',
      ForcePoweroff: 'true',
      Sysprep: 'true',
      DryRun: true,
      TagSpecification: [
        {
          ResourceType: 'image',
          Tags: [
            { Key: 'team', Value: 'web' },
            { Key: 'stage', Value: 'prod' },
          ],
        },
      ],
      ImageFamily: 'business-daily-update',
    });
  });

  it('always says whether an instance may be powered off, and nothing else that was not asked for', () => {
    expect(createImageParameters(callOf())).toEqual({
      ImageName: 'web-2026-01-01',
      InstanceId: 'ins-1a2b3c4d',
      ForcePoweroff: 'false',
    });
  });

  it('says nothing about an instance when the image is made from snapshots', () => {
    const call = callOf({ instanceId: null, snapshotIds: ['snap-1', 'snap-2'], forcePoweroff: true, sysprep: true });
    expect(createImageParameters(call)).toEqual({ ImageName: 'web-2026-01-01', SnapshotIds: ['snap-1', 'snap-2'] });
  });

  it('keeps an empty description that was asked for', () => {
    expect(createImageParameters(callOf({ imageDescription: '' }))).toMatchObject({ ImageDescription: '' });
  });
});
