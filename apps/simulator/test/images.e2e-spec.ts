import { ALICE, BOB, codeOf, cvmClient, startWorld, type CvmClient, type World } from './cloud-clients.js';

describe('Images, through the official client', () => {
  let world: World;
  let client: CvmClient;

  beforeAll(async () => {
    world = await startWorld();
    client = cvmClient(world.simulator.url);
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  it('walks an image from CREATING to NORMAL and shows its snapshots only then', async () => {
    await world.control.changeSettings({ imageDurationMs: 60_000 });
    const { ImageId = '' } = await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    const creating = await client.DescribeImages({ ImageIds: [ImageId] });
    await world.control.forceImageState(ImageId, 'NORMAL');
    const ready = await client.DescribeImages({ ImageIds: [ImageId] });

    expect(ImageId).toMatch(/^img-[0-9a-z]{8}$/);
    expect(creating.ImageSet).toMatchObject([{ ImageState: 'CREATING', SnapshotSet: [] }]);
    expect(ready.ImageSet).toMatchObject([
      {
        ImageName: 'web-1',
        ImageState: 'NORMAL',
        ImageType: 'PRIVATE_IMAGE',
        ImageSource: 'CREATE_IMAGE',
        ImageSize: 50,
        SnapshotSet: [{ DiskUsage: 'SYSTEM_DISK', DiskSize: 50 }],
      },
    ]);
    expect(ready.ImageSet?.[0]?.CreatedTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('finds names by part, tags by key and value, and counts beyond the page', async () => {
    for (const [index, name] of ['web-1', 'web-10', 'db-1'].entries()) {
      await client.CreateImage({
        ImageName: name,
        InstanceId: `ins-0000000${index}`,
        TagSpecification: [{ ResourceType: 'image', Tags: [{ Key: 'tier', Value: name.slice(0, 2) }] }],
      });
    }
    const byName = await client.DescribeImages({ Filters: [{ Name: 'image-name', Values: ['web-1'] }], Limit: 1 });
    const byTag = await client.DescribeImages({ Filters: [{ Name: 'tag:tier', Values: ['db'] }] });

    expect(byName.TotalCount).toBe(2);
    expect(byName.ImageSet).toMatchObject([{ ImageName: 'web-10' }]);
    expect(byTag.ImageSet).toMatchObject([{ ImageName: 'db-1' }]);
  });

  it('keeps the images of accounts and regions apart, and an unknown id absent', async () => {
    const { ImageId = '' } = await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    const ofBob = await cvmClient(world.simulator.url, BOB).DescribeImages({ ImageIds: [ImageId] });
    const elsewhere = await cvmClient(world.simulator.url, ALICE, 'ap-tokyo').DescribeImages({ ImageIds: [ImageId] });

    expect([ofBob.TotalCount, elsewhere.TotalCount]).toEqual([0, 0]);
  });

  it('refuses a name that is taken, even by an image nobody can see yet', async () => {
    await world.control.changeSettings({ visibilityDelayMs: 60_000 });
    const { ImageId = '' } = await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    const seen = await client.DescribeImages({ ImageIds: [ImageId] });

    expect(seen.TotalCount).toBe(0);
    expect(await codeOf(client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000002' }))).toBe(
      'InvalidImageName.Duplicate',
    );
  });

  it('refuses a second image of a busy instance, and one beyond the quota', async () => {
    await world.control.changeSettings({ imageDurationMs: 60_000, imageQuota: 1 });
    await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });

    expect(await codeOf(client.CreateImage({ ImageName: 'web-2', InstanceId: 'ins-00000001' }))).toBe(
      'OperationDenied.InstanceOperationInProgress',
    );
    expect(await codeOf(client.CreateImage({ ImageName: 'web-2', InstanceId: 'ins-00000002' }))).toBe(
      'ImageQuotaLimitExceeded',
    );
  });

  it('checks a dry run and creates nothing, in either form of success', async () => {
    const order = { ImageName: 'web-1', InstanceId: 'ins-00000001', DryRun: true };
    expect(await codeOf(client.CreateImage(order))).toBe('DryRunOperation');

    await world.control.changeSettings({ dryRunForm: 'success' });
    const { ImageId, RequestId } = await client.CreateImage(order);
    expect(ImageId).toBeUndefined();
    expect(RequestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await world.control.images()).toEqual([]);
  });

  it('deletes a ready image and frees its name, but not one being created', async () => {
    const { ImageId = '' } = await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    await world.control.forceImageState(ImageId, 'CREATING');
    expect(await codeOf(client.DeleteImages({ ImageIds: [ImageId] }))).toBe('InvalidImageId.IncorrectState');

    await world.control.forceImageState(ImageId, null);
    await client.DeleteImages({ ImageIds: [ImageId] });
    await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    expect(await codeOf(client.DeleteImages({ ImageIds: [ImageId] }))).toBe('InvalidImageId.NotFound');
  });

  it('tells instance states, and refuses an image while one forbids it', async () => {
    await world.control.changeSubAccount(ALICE.secretId, { instanceStates: { 'ins-00000001': 'REBOOTING' } });
    const { InstanceSet } = await client.DescribeInstances({ InstanceIds: ['ins-00000001', 'ins-00000002'] });

    expect(InstanceSet?.map((instance) => instance.InstanceState)).toEqual(['REBOOTING', 'RUNNING']);
    expect(await codeOf(client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' }))).toBe(
      'UnsupportedOperation.InstanceStateRebooting',
    );
  });

  it('tells of a failed image only through the instance that it was made of', async () => {
    await world.control.addFaults({ effect: { kind: 'create-failed' } });
    await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    const { ImageSet } = await client.DescribeImages({});
    const { InstanceSet } = await client.DescribeInstances({
      Filters: [{ Name: 'instance-id', Values: ['ins-00000001'] }],
    });

    expect(ImageSet).toMatchObject([{ ImageState: 'CREATEFAILED', SnapshotSet: [] }]);
    expect(InstanceSet).toMatchObject([{ LatestOperation: 'CreateImage', LatestOperationState: 'FAILED' }]);
  });
});
