import type { Image, ImageState } from '../state/images.js';

/** An image as DescribeImages shows it. Snapshots appear only once the image is ready. */
export function imageView(image: Image, state: ImageState): Record<string, unknown> {
  const isReady = state === 'NORMAL' || state === 'USING';
  return {
    ImageId: image.imageId,
    OsName: image.osName,
    ImageType: 'PRIVATE_IMAGE',
    CreatedTime: image.createdTime,
    ImageName: image.name,
    ImageDescription: image.description,
    ImageSize: image.disks.reduce((sizeGib, disk) => sizeGib + disk.sizeGib, 0),
    Architecture: 'x86_64',
    ImageState: state,
    Platform: image.platform,
    ImageCreator: image.creator,
    ImageSource: 'CREATE_IMAGE',
    SyncPercent: null,
    IsSupportCloudinit: true,
    SnapshotSet: isReady ? image.disks.map(snapshotView) : [],
    Tags: image.tags,
    LicenseType: 'TencentCloud',
    ImageFamily: image.family,
    ImageDeprecated: false,
    CdcCacheStatus: null,
  };
}

function snapshotView(disk: Image['disks'][number]): Record<string, unknown> {
  return { SnapshotId: disk.snapshotId, DiskUsage: disk.usage, DiskSize: disk.sizeGib };
}
