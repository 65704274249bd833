import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

interface Line {
  readonly event: string;
  readonly level: string;
  readonly imageRequestId?: string;
  readonly accountId?: string;
  readonly missingKeyId?: string;
  readonly images?: number;
  readonly error?: { readonly message: string };
}

describe('A master key that was removed while a credential still needs it', () => {
  const [k1, k2] = ['k1', 'k2'].map((id) => `${id}:${randomBytes(32).toString('base64')}`) as [string, string];
  let folder: string;
  let ring: string;
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lost-master-key-'));
    ring = join(folder, 'ring');
    await writeFile(ring, `${k1}\n`, { mode: 0o600 });
    service = await startWholeService({ settings: { MASTER_KEYS: '', MASTER_KEYS_FILE: ring } });
    tenant = await service.createTenant('lost key');
  }, 120_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
    await rm(folder, { recursive: true });
  }, 120_000);

  const read = (id: string): Promise<ImageRequestView> => tenant.api.read<ImageRequestView>(`/v1/image-requests/${id}`);
  const lines = (): readonly Line[] =>
    service.workers
      .flatMap((worker) => worker.logs().split('\n'))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const unopened = (): readonly Line[] => lines().filter(({ event }) => event === 'credential.not_opened');
  const callsFor = async (imageName: string): Promise<number> =>
    (await service.simulator.calls({ action: 'CreateImage' })).filter((call) => call.imageName === imageName).length;

  it('loses no request: those that wait and those that are being made go on once the key is back, without a restart', async () => {
    await service.simulator.changeSettings({ imageDurationMs: 600_000 });
    const making = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant));
    await waitFor(async () => (await read(making.id)).status === 'creating', { timeoutMs: 20_000 });

    // A worker that starts after the key was removed has never held it.
    await Promise.all(service.workers.map((worker) => worker.stop()));
    await writeFile(ring, `${k2}\n`);
    await service.startWorker();
    const imageName = newImageName();
    const waiting = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, { imageName }));
    const tooLate = await tenant.api.created<ImageRequestView>(
      '/v1/image-requests',
      orderFor(tenant, { startDeadline: new Date(Date.now() + 4000).toISOString() }),
    );

    await waitFor(() => unopened().some(({ imageRequestId }) => imageRequestId === waiting.id), { timeoutMs: 20_000 });
    await waitFor(() => unopened().some(({ images }) => images === 1), { timeoutMs: 30_000 });
    for (const line of unopened()) {
      expect(line).toMatchObject({ level: 'error', accountId: tenant.account.id, missingKeyId: 'k1' });
      expect(line.error?.message).toContain('the key ring has no master key "k1"');
    }
    // While a worker tries again, it waits for a token for a moment.
    await waitFor(async () => (await read(waiting.id)).waitingFor === 'retry', { timeoutMs: 20_000 });
    expect(await read(waiting.id)).toMatchObject({ status: 'queued', attempts: 0, error: null });
    expect(await read(making.id)).toMatchObject({ status: 'creating', error: null });
    await waitFor(async () => (await read(tooLate.id)).status === 'failed', { timeoutMs: 30_000 });
    expect((await read(tooLate.id)).error?.code).toBe('deadline_exceeded');

    // It tries again now and then, not over and over; and no job of it counts as broken.
    await waitFor(() => unopened().filter(({ imageRequestId }) => imageRequestId === waiting.id).length === 2, {
      timeoutMs: 40_000,
    });
    expect(lines().filter(({ event }) => event === 'job.failed')).toEqual([]);
    expect(await callsFor(imageName)).toBe(0);

    await service.simulator.changeSettings({ imageDurationMs: 300 });
    await service.simulator.forceImageState((await read(making.id)).imageId ?? '', 'NORMAL');
    await writeFile(ring, `${k2}\n${k1}\n`);
    await waitFor(async () => (await read(waiting.id)).status === 'succeeded', { timeoutMs: 60_000 });
    await waitFor(async () => (await read(making.id)).status === 'succeeded', { timeoutMs: 60_000 });
    expect(await callsFor(imageName)).toBe(1);
  }, 240_000);

  it('refuses nobody else: another account, sealed by a key that is there, is served meanwhile', async () => {
    await writeFile(ring, `${k2}\n`);
    const other = await service.createTenant('has its key');
    const request = await other.api.created<ImageRequestView>('/v1/image-requests', orderFor(other));

    await waitFor(
      async () => (await other.api.read<ImageRequestView>(`/v1/image-requests/${request.id}`)).status === 'succeeded',
      { timeoutMs: 30_000 },
    );
  }, 120_000);

  it('answers a live check of such an account with an error of ours, and the log says which key it needs', async () => {
    await writeFile(ring, `${k2}\n`);
    // Seals, and thereby notices that the file no longer lists k1.
    await tenant.api.created('/v1/webhook-endpoints', { url: service.simulatorUrl });
    const answer = await tenant.api.call('POST', `/v1/accounts/${tenant.account.id}/verify`);

    expect(answer).toMatchObject({ status: 500, body: { code: 'internal_error' } });
    expect(JSON.stringify(answer.body)).not.toContain('k1');
    await waitFor(() => service.gateways[0]?.logs().includes('the key ring has no master key \\"k1\\"') === true);
  }, 60_000);
});
