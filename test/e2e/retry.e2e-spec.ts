import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses } from '#libs/testing';
import { EventLog } from '../support/event-log.js';
import { ended, finish, newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

describe('a failed request that is tried again', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService();
    tenant = await service.createTenant('retry');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  async function failed(): Promise<ImageRequestView> {
    const imageName = newImageName();
    await service.simulator.addFaults({
      match: { action: 'CreateImage', imageName },
      times: 1,
      effect: { kind: 'error', code: 'InvalidInstanceId.NotFound' },
    });
    return finish(tenant, { imageName });
  }

  it('succeeds under the same id once what was wrong is mended', async () => {
    const before = await failed();
    const answer = await tenant.api.call<ImageRequestView>('POST', `/v1/image-requests/${before.id}/retry`);
    const after = await ended(tenant.api, before.id);

    expect(before).toMatchObject({ status: 'failed', attempts: 1 });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ id: before.id, error: null, completedAt: null });
    expect(answer.headers.get('location')).toBe(`/v1/image-requests/${before.id}`);
    expect(after).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
    const events = (await new EventLog(tenant.api).read()).filter(({ subject }) => subject === before.id);
    expect(events.map(({ type }) => type).slice(0, 4)).toEqual([
      'image_request.queued',
      'image_request.failed',
      'image_request.queued',
      'image_request.submitted',
    ]);
  });

  it('must find its name free among the open requests', async () => {
    const before = await failed();
    await service.simulator.changeSettings({ imageDurationMs: 3000 });
    const rival = await tenant.api.created<ImageRequestView>(
      '/v1/image-requests',
      orderFor(tenant, { imageName: before.imageName }),
    );

    expect(await tenant.api.call('POST', `/v1/image-requests/${before.id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'image_name_in_use', imageRequestId: rival.id },
    });
    expect(await ended(tenant.api, rival.id)).toMatchObject({ status: 'succeeded' });
    await service.simulator.changeSettings({ imageDurationMs: 300 });
  });

  it('never takes an image that another request made under the same name', async () => {
    const imageName = newImageName();
    await service.simulator.addFaults({
      match: { action: 'CreateImage', imageName },
      times: 5,
      effect: { kind: 'reset-before' },
    });
    const first = await finish(tenant, { imageName });
    const second = await finish(tenant, { imageName });
    await tenant.api.created(`/v1/image-requests/${first.id}/retry`, {});
    const after = await ended(tenant.api, first.id);

    expect(first).toMatchObject({ status: 'failed', attempts: 5, error: { code: 'outcome_unknown' } });
    expect(second).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(after).toMatchObject({ status: 'failed', imageId: null, error: { code: 'InvalidImageName.Duplicate' } });
    expect(after.error?.message).toContain(second.imageId);
    expect(await service.simulator.images({ name: imageName })).toHaveLength(1);
  });

  it('is refused while a request has not failed, and to a stranger', async () => {
    const { id } = await finish(tenant);
    const stranger = await service.createTenant('stranger');

    expect(await tenant.api.call('POST', `/v1/image-requests/${id}/retry`)).toMatchObject({
      status: 409,
      body: { code: 'not_retryable' },
    });
    expect((await stranger.api.call('POST', `/v1/image-requests/${id}/retry`)).status).toBe(404);
  });
});
