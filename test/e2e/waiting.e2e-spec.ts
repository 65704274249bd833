import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, orderFor } from '../support/image-requests.js';
import type { SimulatorCall } from '../support/simulator-control.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

interface Lane {
  readonly endpoint: string;
  readonly action: string;
  readonly limit: number;
  readonly windowMs: number;
  readonly inUse: number;
  readonly resting: number;
  readonly waiting: number;
  readonly pace: number;
  readonly estimatedDrainAt: string | null;
}

describe('a request that waits for a token', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService();
  }, 60_000);
  beforeEach(async () => {
    tenant = await service.createTenant('waiting');
  });
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const order = (more: Record<string, unknown> = {}): Promise<ImageRequestView> =>
    tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, more));
  const inCreation = async (more: Record<string, unknown>): Promise<ImageRequestView> => {
    const request = await order(more);
    await waitFor(
      async () => (await tenant.api.read<ImageRequestView>(`/v1/image-requests/${request.id}`)).status === 'creating',
      { timeoutMs: 10_000, intervalMs: 20 },
    );
    return request;
  };
  const createImageLane = async (): Promise<Lane | undefined> => {
    const { data } = await tenant.api.read<{ data: Lane[] }>(`/v1/accounts/${tenant.account.id}/lanes`);
    return data.find((lane) => lane.action === 'CreateImage');
  };

  const createImageCalls = (): Promise<SimulatorCall[]> =>
    service.simulator.calls({ action: 'CreateImage', uin: tenant.account.uin });

  it('is told its position and when it should be called, at the pace of its lane', async () => {
    // At once, so that they come faster than they are called, however slow the machine.
    const requests = await Promise.all(Array.from({ length: 40 }, () => order()));
    requests.push(await order());

    const last = await tenant.api.read<ImageRequestView>(`/v1/image-requests/${requests.at(-1)?.id}`);
    const listed = await tenant.api.read<{ data: ImageRequestView[] }>('/v1/image-requests?status=queued');
    expect(last).toMatchObject({ status: 'queued', waitingFor: 'token' });
    expect(last.queue?.position).toBeGreaterThan(5);
    const startsInMs = new Date(last.queue?.estimatedStartAt ?? 0).getTime() - new Date(last.createdAt).getTime();
    expect(startsInMs).toBeGreaterThan(500);
    expect(startsInMs).toBeLessThan(6000);
    expect(listed.data[0]?.queue?.position).toBeGreaterThan(0);

    const lane = await createImageLane();
    expect(lane).toMatchObject({ endpoint: new URL(service.simulatorUrl).host, limit: 10, windowMs: 1000, pace: 10 });
    expect(lane?.waiting).toBeGreaterThan(0);
    expect((lane?.inUse ?? 0) + (lane?.resting ?? 0)).toBeLessThanOrEqual(10);
    expect(lane?.estimatedDrainAt).not.toBeNull();

    for (const request of requests) expect(await ended(tenant.api, request.id)).toMatchObject({ queue: null });
    expect(await createImageLane()).toMatchObject({ waiting: 0, estimatedDrainAt: null });
  });

  it('is called by priority, then age', async () => {
    await Promise.all(Array.from({ length: 20 }, () => order()));
    const low = await order({ priority: 0 });
    await Promise.all(Array.from({ length: 20 }, () => order()));
    const high = await order({ priority: 9 });
    await Promise.all([low, high].map(({ id }) => ended(tenant.api, id)));

    const calls = await createImageCalls();
    const names = calls.map((call) => call.imageName);
    expect(names.indexOf(high.imageName)).toBeLessThan(names.indexOf(low.imageName));
    // Ten tokens may be promised at one moment, and a busy machine uses those in any order.
    expect(names.indexOf(low.imageName)).toBeGreaterThanOrEqual(42 - 10);
  });

  it('is never called once it has been canceled', async () => {
    const requests = await Promise.all(Array.from({ length: 40 }, () => order()));
    const answers = await Promise.all(
      requests.map(({ id }) => tenant.api.call<ImageRequestView>('POST', `/v1/image-requests/${id}/cancel`)),
    );
    const canceled = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status !== 200);
    await Promise.all(requests.map(({ id }) => ended(tenant.api, id)));

    expect(canceled.length).toBeGreaterThan(20);
    for (const { body } of canceled) expect(body).toMatchObject({ status: 'canceled', waitingFor: null, queue: null });
    for (const { status, body } of refused) expect([status, body]).toMatchObject([409, { code: 'not_cancelable' }]);
    const calls = await createImageCalls();
    const called = new Set(calls.map((call) => call.imageName));
    for (const { body } of canceled) expect(called).not.toContain(body.imageName);
    expect(called.size).toBe(refused.length);
    expect(await createImageLane()).toMatchObject({ waiting: 0 });
  });

  it('can be canceled twice, and not by a stranger', async () => {
    await Promise.all(Array.from({ length: 30 }, () => order()));
    const { id } = await order();
    const stranger = await service.createTenant('stranger');

    expect((await stranger.api.call('POST', `/v1/image-requests/${id}/cancel`)).status).toBe(404);
    expect((await tenant.api.call('POST', `/v1/image-requests/${id}/cancel`)).body).toMatchObject({
      status: 'canceled',
    });
    expect((await tenant.api.call('POST', `/v1/image-requests/${id}/cancel`)).status).toBe(200);
  });

  it('says that it waits for its instance while another request holds that', async () => {
    await service.simulator.changeSettings({ imageDurationMs: 2000 });
    const instanceId = 'ins-held0001';
    const first = await inCreation({ instanceId });
    const second = await order({ instanceId });

    expect(second).toMatchObject({ status: 'queued', waitingFor: 'instance', queue: null });
    const [one, two] = [await ended(tenant.api, first.id), await ended(tenant.api, second.id)];
    expect(new Date(two.submittedAt ?? 0).getTime()).toBeGreaterThanOrEqual(new Date(one.completedAt ?? 0).getTime());
    await service.simulator.changeSettings({ imageDurationMs: 300 });
  });

  it('ends as failed when its deadline passes while it waits', async () => {
    const instanceId = 'ins-held0002';
    await service.simulator.changeSettings({ imageDurationMs: 8000 });
    await inCreation({ instanceId });
    const late = await order({ instanceId, startDeadline: new Date(Date.now() + 1500).toISOString() });

    expect(await ended(tenant.api, late.id)).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'deadline_exceeded' },
    });
    await service.simulator.changeSettings({ imageDurationMs: 300 });
  });

  it('slows to what a stranger on the same sub-account leaves, and loses nothing', async () => {
    await service.simulator.changeSettings({ limits: { CreateImage: 6 } });
    const requests = await Promise.all(Array.from({ length: 40 }, () => order()));
    await waitFor(async () => (await createImageLane())?.pace !== 10, { timeoutMs: 10_000, intervalMs: 20 });
    expect((await createImageLane())?.pace).toBeLessThanOrEqual(6);
    const slowedAtMs = Math.max(...(await createImageCalls()).map((call) => call.arrivedAtMs));

    for (const { id } of requests)
      expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', error: null });
    const calls = await createImageCalls();
    const later = calls.filter((call) => call.arrivedAtMs > slowedAtMs + 1500);
    expect(calls.filter((call) => call.rateLimited).length).toBeGreaterThan(0);
    expect(later.length).toBeGreaterThan(10);
    expect(later.filter((call) => call.rateLimited)).toEqual([]);
    await service.simulator.changeSettings({ limits: { CreateImage: 10 } });
  });
});
