import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Webhook } from 'standardwebhooks';
import { type StartedProcess, startProcess, stopAllProcesses, waitFor } from '#libs/testing';
import { finish } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

interface Entry {
  readonly event_id: string;
  readonly sequence: number;
  readonly subject: string;
  readonly type: string;
}

interface FeedEvent {
  readonly id: string;
  readonly sequence: number;
  readonly subject: string;
  readonly type: string;
}

const RETIRED_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('The example receiver', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let directory: string;
  let url: string;
  let endpoint: { id: string; secret: string };
  let receiver: StartedProcess;

  beforeAll(async () => {
    // Nothing comes a second time while the test lasts: what was missed is in the feed, or lost.
    service = await startWholeService({ settings: { WEBHOOK_RETRY_SCHEDULE_MS: '3600000' } });
    tenant = await service.createTenant('example');
    directory = await mkdtemp(join(tmpdir(), 'receiver-'));
    url = `http://127.0.0.1:${await unusedPort()}/`;
    endpoint = await tenant.api.created('/v1/webhook-endpoints', { url });
    receiver = await startReceiver();
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
    await rm(directory, { recursive: true, force: true });
  }, 60_000);

  const startReceiver = () =>
    startProcess({
      name: 'receiver',
      entry: 'examples/webhook-receiver/main.ts',
      env: {
        PORT: new URL(url).port,
        DATABASE_FILE: join(directory, 'inbox.sqlite'),
        WEBHOOK_SECRETS: `${RETIRED_SECRET},${endpoint.secret}`,
        SERVICE_URL: service.url,
        API_KEY: tenant.key,
      },
      readyWhen: (line) => line.includes('receiver.listening'),
    });

  function history(): Entry[] {
    const database = new DatabaseSync(join(directory, 'inbox.sqlite'), { readOnly: true });
    try {
      const rows = database.prepare('select event_id, sequence, subject, type from history order by entry').all();
      return rows.map((row) => ({ ...row }) as unknown as Entry);
    } finally {
      database.close();
    }
  }

  async function feed(): Promise<FeedEvent[]> {
    return (await tenant.api.read<{ data: FeedEvent[] }>('/v1/events?limit=200')).data;
  }

  /** The receiver has handled each event of the feed once, in the order of their sequence, which has no gap. */
  async function expectWholeHistory(): Promise<void> {
    await waitFor(
      async () => {
        const events = (await feed()).map(({ id, sequence }) => [id, sequence]);
        expect(history().map(({ event_id, sequence }) => [event_id, sequence])).toEqual(events);
        return true;
      },
      { timeoutMs: 10_000, intervalMs: 50 },
    );
    expect(history().map(({ sequence }) => sequence)).toEqual(history().map((_, index) => index + 1));
  }

  /** Posts as the service would, signed with the secret at that time. */
  async function post(event: object, secret: string, at = new Date()): Promise<number> {
    const body = JSON.stringify(event);
    const id = (event as { id: string }).id;
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  }

  it('handles every event once and in order, though it is killed in the middle', async () => {
    const firstHalf = Promise.all(Array.from({ length: 5 }, () => finish(tenant)));
    await waitFor(() => history().length >= 4, { timeoutMs: 10_000, intervalMs: 5 });
    expect(await receiver.stop('SIGKILL')).not.toBe(0);
    await firstHalf;
    await finish(tenant);
    const heard = history().length;
    expect(heard).toBeLessThan((await feed()).length);

    receiver = await startReceiver();
    await expectWholeHistory();
  });

  it('fills the gaps that a filter leaves from the feed', async () => {
    await tenant.api.call('PATCH', `/v1/webhook-endpoints/${endpoint.id}`, { eventTypes: ['image_request.succeeded'] });
    const { id } = await finish(tenant);
    const own = () => history().filter(({ subject }) => subject === id);
    await waitFor(() => own().length >= 3, { timeoutMs: 10_000 });

    expect(own().map(({ type }) => type)).toEqual([
      'image_request.queued',
      'image_request.submitted',
      'image_request.succeeded',
    ]);
    await expectWholeHistory();
  });

  it('takes an event that it knows without handling it again, whichever of its secrets it is signed with', async () => {
    const [event] = await feed();
    expect(await post(event ?? {}, endpoint.secret)).toBe(204);
    expect(await post(event ?? {}, RETIRED_SECRET)).toBe(204);
    await expectWholeHistory();
  });

  it('refuses what is forged, old or unsigned, and keeps nothing of it', async () => {
    const [event] = await feed();
    const forged = { ...event, id: 'evt_forged', sequence: 1000 };
    const tenMinutesAgo = new Date(Date.now() - 600_000);
    const stranger = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

    expect(await post(forged, stranger)).toBe(401);
    expect(await post(forged, endpoint.secret, tenMinutesAgo)).toBe(401);
    expect((await fetch(url, { method: 'POST', body: JSON.stringify(forged) })).status).toBe(401);
    expect((await fetch(url)).status).toBe(405);
    await expectWholeHistory();
  });

  it('ends when it is asked to', async () => {
    expect(await receiver.stop('SIGTERM')).toBe(0);
  });
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
