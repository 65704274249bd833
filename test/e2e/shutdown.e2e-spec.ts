import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { EventLog } from '../support/event-log.js';
import { ended, newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

describe('a worker that ends', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService({ workers: 1, settings: { UPSTREAM_TIMEOUT_MS: '120000' } });
    tenant = await service.createTenant('shutdown');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const calls = () => service.simulator.calls({ action: 'CreateImage', uin: tenant.account.uin });
  const called = (imageName: string) =>
    waitFor(async () => (await calls()).some((call) => call.imageName === imageName), {
      timeoutMs: 15_000,
      intervalMs: 20,
    });

  it('is told to, and lets the call in flight end, writes its outcome down, and exits with 0', async () => {
    const imageName = newImageName();
    await service.simulator.addFaults({ match: { imageName }, effect: { kind: 'delay', ms: 2000 } });
    const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, { imageName }));
    await called(imageName);

    expect(await service.workers[0]?.stop('SIGTERM')).toBe(0);
    const request = await tenant.api.read<ImageRequestView>(`/v1/image-requests/${id}`);
    const log = await tenant.api.read<{ data: { action: string; outcome: string }[] }>(
      `/v1/accounts/${tenant.account.id}/audit-log?action=cvm.CreateImage`,
    );

    expect(request).toMatchObject({ status: 'creating', attempts: 1 });
    expect(request.imageId).toMatch(/^img-/);
    expect(log.data.map(({ outcome }) => outcome)).toEqual(['success']);
    expect(await calls()).toHaveLength(1);
  });

  it('is killed, and its image is found long before the time of its call is over', async () => {
    const imageName = newImageName();
    await service.simulator.addFaults({ match: { imageName }, effect: { kind: 'hang-after' } });
    const worker = await service.startWorker();
    const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, { imageName }));
    await called(imageName);

    await worker.stop('SIGKILL');
    await service.startWorker();

    expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect((await calls()).filter((call) => call.imageName === imageName)).toHaveLength(1);
  }, 90_000);

  it('is stopped for a while, and changes nothing when it goes on after another has taken over', async () => {
    const imageName = newImageName();
    await service.simulator.addFaults({ match: { imageName }, effect: { kind: 'delay', ms: 500 } });
    await Promise.all(service.workers.map((each) => each.stop()));
    const stale = await service.startWorker();
    const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, { imageName }));
    await called(imageName);

    process.kill(stale.pid, 'SIGSTOP');
    await service.startWorker();
    const before = await ended(tenant.api, id);
    process.kill(stale.pid, 'SIGCONT');
    const hasSettled = () =>
      stale
        .logs()
        .split('\n')
        .some((line) => line.includes('attempt.settled') && line.includes(id));
    await waitFor(hasSettled, { timeoutMs: 30_000, intervalMs: 50 });

    expect(before).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await tenant.api.read(`/v1/image-requests/${id}`)).toEqual(before);
    const log = await tenant.api.read<{ data: { outcome: string; target: { id: string } }[] }>(
      `/v1/accounts/${tenant.account.id}/audit-log?action=cvm.CreateImage`,
    );
    const outcomes = log.data.filter(({ target }) => target.id === id).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['failure', 'success']);
    expect((await calls()).filter((call) => call.imageName === imageName)).toHaveLength(1);
    expect(await new EventLog(tenant.api).typesUntilEnd(id)).toEqual([
      'image_request.queued',
      'image_request.submitted',
      'image_request.succeeded',
    ]);
  }, 120_000);
});
