import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import { type Receiver, startReceiver, stopAllProcesses, waitFor } from '#libs/testing';
import { finish } from '../support/image-requests.js';
import { takenByKey, takenBySecret, type WebhookKey } from '../support/verified-by.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

interface Delivery {
  readonly status: string;
  readonly eventId: string;
  readonly attempts: readonly { readonly statusCode: number; readonly responseBody: string }[];
}

describe('a webhook', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let receiver: Receiver;

  beforeAll(async () => {
    service = await startWholeService({ settings: { WEBHOOK_RETRY_SCHEDULE_MS: '100,200,400' } });
    tenant = await service.createTenant('webhooks');
  }, 60_000);
  afterEach(() => receiver.close());
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  async function register(more: Record<string, unknown> = {}): Promise<{ id: string; secret: string }> {
    return tenant.api.created('/v1/webhook-endpoints', { url: receiver.url, ...more });
  }

  it('tells of every change of a request, signed as Standard Webhooks says, in order', async () => {
    receiver = await startReceiver();
    const { secret } = await register();
    const request = await finish(tenant);
    const own = () => receiver.requests.filter((received) => received.body.includes(request.id));
    await waitFor(() => own().length >= 3, { timeoutMs: 10_000, intervalMs: 20 });

    const events = own().map(
      ({ body, headers }) =>
        new Webhook(secret).verify(body, headers as Record<string, string>) as Record<string, unknown>,
    );
    expect(events.map((event) => event['type'])).toEqual([
      'image_request.queued',
      'image_request.submitted',
      'image_request.succeeded',
    ]);
    expect(events[2]).toMatchObject({
      specversion: '1.0',
      id: own()[2]?.headers['webhook-id'],
      source: `/accounts/${tenant.account.id}`,
      subject: request.id,
      datacontenttype: 'application/json',
      data: { imageRequest: { id: request.id, status: 'succeeded', imageId: request.imageId } },
    });
    const body = own()[0]?.body ?? '';
    const { headers } = own()[0]!;
    expect(() =>
      new Webhook(secret).verify(body.replace('queued', 'failed'), headers as Record<string, string>),
    ).toThrow();
  });

  it('comes a third time with the same event id to a receiver that answered 500 twice', async () => {
    receiver = await startReceiver((response, _request, count) => response.writeHead(count <= 2 ? 500 : 204).end('no'));
    const endpoint = await register({ eventTypes: ['image_request.succeeded'] });
    const request = await finish(tenant);
    await waitFor(() => receiver.requests.length >= 3, { timeoutMs: 15_000, intervalMs: 20 });

    const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    let delivery: Delivery | undefined;
    await waitFor(
      async () => {
        const path = `/v1/webhook-endpoints/${endpoint.id}/deliveries`;
        [delivery] = (await tenant.api.read<{ data: Delivery[] }>(path)).data;
        return delivery?.status === 'delivered';
      },
      { timeoutMs: 5000, intervalMs: 20 },
    );
    expect(delivery?.eventId).toBe(ids[0]);
    expect(delivery?.attempts.map((attempt) => attempt.statusCode)).toEqual([500, 500, 204]);
    expect(receiver.requests[2]?.body).toContain(request.id);
  });

  it('is verified with the public key that anybody may fetch, and with both secrets while one replaces the other', async () => {
    receiver = await startReceiver();
    const { id, secret } = await register({ signatureSchemes: ['v1', 'v1a'] });
    const { body: rotated } = await tenant.api.call<{ secret: string }>(
      'POST',
      `/v1/webhook-endpoints/${id}/rotate-secret`,
    );
    await finish(tenant);
    await waitFor(() => receiver.requests.length >= 3, { timeoutMs: 10_000, intervalMs: 20 });
    const answer = await fetch(`${service.url}/.well-known/webhook-keys.json`);
    const { keys } = (await answer.json()) as { keys: readonly WebhookKey[] };

    expect(keys).toHaveLength(1);
    for (const request of receiver.requests) {
      for (const one of [secret, rotated.secret]) expect(takenBySecret(one, request)).toBe(true);
      expect(await takenByKey(keys[0]!, request)).toBe(true);
      expect(await takenByKey(keys[0]!, { ...request, body: `${request.body} ` })).toBe(false);
    }
  });

  it('leaves no secret behind whose time is over, though nothing is sent any more', async () => {
    receiver = await startReceiver();
    const { id } = await register({ eventTypes: ['account.credential_rejected'] });
    await tenant.api.call('POST', `/v1/webhook-endpoints/${id}/rotate-secret`);
    const { db } = service.database.postgres;
    await sql`update webhook_secrets set expires_at = now() where endpoint_id = ${id} and version = 1`.execute(db);
    const worker = await service.startWorker();
    await waitFor(
      async () => {
        const { rows } = await sql<{ version: number }>`
          select version from webhook_secrets where endpoint_id = ${id}
        `.execute(db);
        return rows.length === 1 && rows[0]?.version === 2;
      },
      { timeoutMs: 10_000, intervalMs: 20 },
    );
    await worker.stop();
  });

  it('goes only where its tenant wanted it', async () => {
    receiver = await startReceiver();
    const stranger = await service.createTenant('stranger');
    await register({ eventTypes: ['image_request.failed'] });
    await stranger.api.created('/v1/webhook-endpoints', { url: receiver.url });
    const [ours, theirs] = [await finish(tenant), await finish(stranger)];
    await waitFor(() => receiver.requests.length >= 3, { timeoutMs: 10_000, intervalMs: 20 });

    const bodies = receiver.requests.map(({ body }) => body).join('\n');
    expect(bodies).toContain(theirs.id);
    expect(bodies).not.toContain(ours.id);
  });
});
