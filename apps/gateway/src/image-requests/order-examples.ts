/** Placeholder: whoever tries an example puts the id of an own account here. */
const ACCOUNT = 'acc_01h455vb4pex5vsknk084sn02q';

/** Orders that work once the account is one's own; the first is the example of the cloud's CreateImage page. */
export const ORDER_EXAMPLES = {
  instance: {
    summary: 'The system disk of an instance',
    value: { accountId: ACCOUNT, region: 'ap-guangzhou', instanceId: 'ins-6pb6lrmy', imageName: 'myImage' },
  },
  wholeMachine: {
    summary: 'A whole machine, powered off first, with tags and metadata',
    value: {
      accountId: ACCOUNT,
      region: 'ap-guangzhou',
      instanceId: 'ins-6pb6lrmy',
      dataDiskIds: ['disk-dcxq5qgc', 'disk-hdx3ykqa'],
      imageName: 'nightly-2026-11-24',
      imageDescription: 'system disk and two data disks',
      forcePoweroff: true,
      tags: [{ key: 'team', value: 'platform' }],
      metadata: { pipeline: 'nightly', run: '4711' },
    },
  },
  snapshots: {
    summary: 'From snapshots, exactly one of them of a system disk',
    value: {
      accountId: ACCOUNT,
      region: 'ap-guangzhou',
      snapshotIds: ['snap-kp5ma2xt', 'snap-9t3v7qwe'],
      imageName: 'from-snapshots',
    },
  },
  dryRun: {
    summary: 'Ask the cloud whether it would work, and make nothing',
    value: {
      accountId: ACCOUNT,
      region: 'ap-guangzhou',
      instanceId: 'ins-6pb6lrmy',
      imageName: 'would-it-work',
      dryRun: true,
    },
  },
};
