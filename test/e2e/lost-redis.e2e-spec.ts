import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, orderFor } from '../support/image-requests.js';
import type { SimulatorCall } from '../support/simulator-control.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** A call that had its token before Redis went may still be on its way for so long: fresh lease, and the way itself. */
const LAST_CALLS_MS = 500;
/** Three windows, in which thirty calls would have been made. */
const SILENCE_MS = 3000;

describe('while Redis is out of reach', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService({ workers: 2 });
    tenant = await service.createTenant('lost redis');
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const order = (): Promise<ImageRequestView> =>
    tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant));
  const createImageCalls = (): Promise<SimulatorCall[]> =>
    service.simulator.calls({ action: 'CreateImage', uin: tenant.account.uin });
  const readiness = () => tenant.api.call<{ checks?: Record<string, string> }>('GET', '/health/ready');

  it('is not ready, makes no call, takes requests all the same, and calls each once when Redis is back', async () => {
    const requests = await Promise.all(Array.from({ length: 60 }, order));
    await waitFor(async () => (await createImageCalls()).length >= 10, { timeoutMs: 15_000, intervalMs: 20 });

    let silentFrom: number | undefined;
    await service.restartRedis(async () => {
      await waitFor(async () => (await readiness()).status === 503, { timeoutMs: 10_000, intervalMs: 50 });
      expect((await readiness()).body.checks).toMatchObject({ postgres: 'ok', redis: 'failing' });
      requests.push(await order());

      await sleep(LAST_CALLS_MS);
      silentFrom = (await createImageCalls()).length;
      await sleep(SILENCE_MS);
      expect(await createImageCalls()).toHaveLength(silentFrom);
    });
    // Else the silence would say nothing.
    expect(requests.length - (silentFrom ?? 0)).toBeGreaterThanOrEqual(30);

    await waitFor(async () => (await readiness()).status === 200, { timeoutMs: 10_000, intervalMs: 50 });
    for (const { id } of requests) expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded' });
    const calls = await createImageCalls();
    expect(calls.filter((call) => call.rateLimited)).toEqual([]);
    const called = Map.groupBy(calls, (call) => call.imageName);
    for (const { imageName } of requests) expect(called.get(imageName)).toHaveLength(1);
    expect(calls).toHaveLength(requests.length);
  }, 120_000);
});
