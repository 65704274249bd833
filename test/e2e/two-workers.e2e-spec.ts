import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { EventLog } from '../support/event-log.js';
import { dumpDatabase } from '../support/dump-database.js';
import { ended, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';
import { type Receiver, startReceiver, stopAllProcesses, waitFor } from '#libs/testing';

const REQUESTS = 200;

describe('200 requests of one account through two workers', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let receiver: Receiver;
  let webhookSecret: string;
  let ids: string[];

  beforeAll(async () => {
    service = await startWholeService({ workers: 2 });
    tenant = await service.createTenant('two workers');
    receiver = await startReceiver();
    const endpoint = await tenant.api.created<{ secret: string }>('/v1/webhook-endpoints', { url: receiver.url });
    webhookSecret = endpoint.secret;
    const accepted = await Promise.all(
      Array.from({ length: REQUESTS }, () =>
        tenant.api.created<{ id: string }>('/v1/image-requests', orderFor(tenant)),
      ),
    );
    ids = accepted.map((request) => request.id);
    await Promise.all(ids.map((id) => ended(tenant.api, id)));
  }, 120_000);
  afterAll(async () => {
    await receiver.close();
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  it('make 200 images, no name twice', async () => {
    const images = await service.simulator.images({ uin: tenant.account.uin });
    const { namesCreatedTwice, calls } = await service.simulator.stats();

    expect(images).toHaveLength(REQUESTS);
    expect(new Set(images.map((image) => image.name)).size).toBe(REQUESTS);
    expect(namesCreatedTwice).toEqual([]);
    expect(calls['CreateImage']).toBe(REQUESTS);
  });

  it('end as succeeded, each with an image of its own', async () => {
    const requests = await Promise.all(
      ids.map((id) =>
        tenant.api.read<{ status: string; imageId: string; attempts: number }>(`/v1/image-requests/${id}`),
      ),
    );

    expect(new Set(requests.map((request) => request.imageId)).size).toBe(REQUESTS);
    for (const request of requests) expect(request).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it('leave nothing in the logs that an operator would have to look into', () => {
    const levels = service
      .logs()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level: string }).level);

    expect(levels).toContain('info');
    expect(levels.filter((level) => level !== 'info' && level !== 'debug')).toEqual([]);
  });

  it('never arrive faster than the limit, and none is rejected', async () => {
    const { maxArrivalsInAnySecond, rejected } = await service.simulator.stats();
    const arrivals = Object.values(maxArrivalsInAnySecond['CreateImage'] ?? {});

    expect(rejected).toEqual({});
    expect(arrivals).not.toEqual([]);
    expect(Math.max(...arrivals)).toBeLessThanOrEqual(10);
  });

  it('tell of every change in a sequence without gaps, in order for each request', async () => {
    const log = new EventLog(tenant.api);
    await waitFor(async () => (await log.read()).length >= REQUESTS * 3, { timeoutMs: 20_000, intervalMs: 100 });
    const events = await log.read();

    expect(events.map((event) => event.sequence)).toEqual(Array.from({ length: REQUESTS * 3 }, (_, n) => n + 1));
    for (const id of ids) {
      expect(events.filter((event) => event.subject === id).map((event) => event.type)).toEqual([
        'image_request.queued',
        'image_request.submitted',
        'image_request.succeeded',
      ]);
    }
  });

  it('reach the receiver, every event of them, each with a signature that holds', async () => {
    const reached = () => new Set(receiver.requests.map(({ headers }) => headers['webhook-id']));
    await waitFor(() => reached().size >= REQUESTS * 3, { timeoutMs: 30_000, intervalMs: 100 });
    const webhook = new Webhook(webhookSecret);
    const verified = receiver.requests.map(
      ({ body, headers }) => webhook.verify(body, headers as Record<string, string>) as { readonly id: string },
    );

    expect(new Set(verified.map(({ id }) => id))).toEqual(reached());
    const events = await new EventLog(tenant.api).read();
    expect(reached()).toEqual(new Set(events.map(({ id }) => id)));
  });

  it('leave no secret in Redis, in PostgreSQL, in a log or in a webhook', async () => {
    const redisFiles = await allFiles(service.redisDataDirectory);
    const dump = await dumpDatabase(service.database);
    const places: Record<string, string> = {
      redis: (await Promise.all(redisFiles.map((file) => readFile(file, 'latin1')))).join('\n'),
      postgres: dump,
      logs: service.logs(),
      webhooks: receiver.requests.map((request) => request.body + JSON.stringify(request.headers)).join('\n'),
    };

    // The search would find them: the places are not empty, and do hold what belongs there.
    expect(places['redis']).toContain(ids[0]);
    expect(places['postgres']).toContain(ids[0]);
    expect(places['logs']).toContain(ids[0]);
    for (const secret of [
      tenant.account.secretKey,
      tenant.account.secretId,
      tenant.key,
      service.adminKey,
      webhookSecret,
    ]) {
      for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, '')]) {
        for (const [place, text] of Object.entries(places))
          expect([place, text.includes(form)]).toEqual([place, false]);
      }
    }
  });
});

async function allFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
