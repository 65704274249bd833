import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, finish, newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

describe('a request at the cloud', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService({ workers: 2 });
    tenant = await service.createTenant('fields');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  /** The one call of CreateImage that the cloud saw for the request. */
  async function callOf(request: ImageRequestView) {
    const calls = await service.simulator.calls({ action: 'CreateImage', uin: tenant.account.uin });
    const own = calls.filter((call) => call.imageName === request.imageName);
    expect(own).toHaveLength(1);
    return own[0]!;
  }

  it('says nothing that was not asked for', async () => {
    const request = await finish(tenant, { instanceId: 'ins-6pb6lrmy', imageName: 'myImage' });
    const call = await callOf(request);

    expect(request).toMatchObject({ status: 'succeeded', attempts: 1, error: null });
    expect(call.parameters).toEqual({
      ImageName: 'myImage',
      InstanceId: 'ins-6pb6lrmy',
      ForcePoweroff: 'false',
    });
    expect(call).toMatchObject({ region: 'ap-guangzhou', version: '2017-03-12', imageId: request.imageId });
  });

  it('carries every field in the form that the cloud wants, and the metadata not at all', async () => {
    const imageName = `${newImageName()} 镜像 🚀`;
    const request = await finish(tenant, {
      imageName,
      instanceId: 'ins-1qaz2wsx',
      dataDiskIds: ['disk-aaaaaaaa', 'disk-bbbbbbbb'],
      imageDescription: 'nightly, whole machine',
      forcePoweroff: true,
      sysprep: true,
      tags: [
        { key: 'team', value: 'platform' },
        { key: 'cost:center', value: '42' },
      ],
      imageFamily: 'business-daily-update',
      priority: 9,
      startDeadline: '2099-01-01T00:00:00.000Z',
      metadata: { pipeline: 'golden', run: '17' },
    });

    expect((await callOf(request)).parameters).toEqual({
      ImageName: imageName,
      InstanceId: 'ins-1qaz2wsx',
      DataDiskIds: ['disk-aaaaaaaa', 'disk-bbbbbbbb'],
      ImageDescription: 'nightly, whole machine',
      ForcePoweroff: 'true',
      Sysprep: 'true',
      TagSpecification: [
        {
          ResourceType: 'image',
          Tags: [
            { Key: 'team', Value: 'platform' },
            { Key: 'cost:center', Value: '42' },
          ],
        },
      ],
      ImageFamily: 'business-daily-update',
    });
    expect(request).toMatchObject({
      status: 'succeeded',
      metadata: { pipeline: 'golden', run: '17' },
      startDeadline: '2099-01-01T00:00:00.000Z',
      priority: 9,
    });
  });

  it('can be made of snapshots', async () => {
    const request = await finish(tenant, { snapshotIds: ['snap-11111111', 'snap-22222222'] });

    expect(request).toMatchObject({ status: 'succeeded', instanceId: null });
    expect((await callOf(request)).parameters).toEqual({
      ImageName: request.imageName,
      SnapshotIds: ['snap-11111111', 'snap-22222222'],
    });
  });

  it.each(['error', 'success'] as const)(
    'tries a dry run without making anything, when the cloud says so by %s',
    async (dryRunForm) => {
      await service.simulator.changeSettings({ dryRunForm });
      const request = await finish(tenant, { dryRun: true });

      expect(request).toMatchObject({ status: 'succeeded', imageId: null, attempts: 1, error: null });
      expect((await callOf(request)).parameters).toMatchObject({ DryRun: true });
      expect(await service.simulator.images({ name: request.imageName })).toEqual([]);
    },
  );

  it('fails with the name of an image that was there before, without calling CreateImage', async () => {
    const first = await finish(tenant);
    const second = await finish(tenant, { imageName: first.imageName });

    expect(second).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'InvalidImageName.Duplicate', category: 'caller', retryable: false },
    });
    expect(second.error?.message).toContain(first.imageId);
    await callOf(first);
  });

  it('waits for the request that holds its instance, and then goes on by itself', async () => {
    const instanceId = 'ins-shared01';
    const requests = await Promise.all([
      finish(tenant, { instanceId }),
      finish(tenant, { instanceId }),
      finish(tenant, { instanceId }),
    ]);

    for (const request of requests) expect(request).toMatchObject({ status: 'succeeded', attempts: 1, error: null });
  });

  it('fails at the first look after the cloud reports the image as failed', async () => {
    await service.simulator.changeSettings({ imageDurationMs: 60_000 });
    const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant));
    const read = () => tenant.api.read<ImageRequestView>(`/v1/image-requests/${id}`);
    await waitFor(async () => (await read()).status === 'creating', { timeoutMs: 10_000, intervalMs: 20 });
    const { imageId } = await read();
    const looks = async () =>
      (await service.simulator.calls({ action: 'DescribeImages', uin: tenant.account.uin })).filter(({ parameters }) =>
        (parameters?.['ImageIds'] as string[] | undefined)?.includes(imageId ?? ''),
      ).length;

    await service.simulator.forceImageState(imageId ?? '', 'CREATEFAILED');
    const looksBefore = await looks();
    const request = await ended(tenant.api, id);
    await service.simulator.changeSettings({ imageDurationMs: 300 });

    expect(request).toMatchObject({
      status: 'failed',
      imageId,
      error: { code: 'image_creation_failed', category: 'state', retryable: true },
    });
    expect((await looks()) - looksBefore).toBeLessThanOrEqual(1);
  });

  it('does not take an image for failed that the cloud does not show at once', async () => {
    const imageName = newImageName();
    await service.simulator.addFaults({ match: { imageName }, effect: { kind: 'invisible', ms: 1500 } });

    expect(await finish(tenant, { imageName })).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('fails a request that was not called by its deadline', async () => {
    const request = await finish(tenant, { startDeadline: '2020-01-01T00:00:00.000Z' });

    expect(request).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'deadline_exceeded', category: 'caller' },
    });
  });
});
