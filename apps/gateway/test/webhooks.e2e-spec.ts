import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { stopAllProcesses } from '#libs/testing';
import {
  type GatewayAlone,
  type KeyedTenant,
  startGatewayAlone,
  STARTING_MS,
} from '../../../test/support/gateway-alone.js';

const SCOPES = ['webhooks:read', 'webhooks:write', 'audit:read', 'images:read'];

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly nextCursor: string | null;
}

describe('Webhook endpoints', () => {
  let gateway: GatewayAlone;
  let tenant: KeyedTenant;

  beforeAll(async () => {
    gateway = await startGatewayAlone({ WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8' });
    tenant = await gateway.createTenant(SCOPES);
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const url = 'http://127.0.0.1:8999/hook';
  const create = (more: object = {}) =>
    tenant.api.created<{ id: string; secret: string }>('/v1/webhook-endpoints', { url, ...more });

  it('show their secret once', async () => {
    const made = await create({ eventTypes: ['image_request.succeeded'], description: 'dashboard' });
    const { secret, ...rest } = made;

    expect(secret).toMatch(/^whsec_/);
    expect(rest).toEqual({
      id: expect.stringMatching(/^whe_/) as string,
      url,
      eventTypes: ['image_request.succeeded'],
      accountIds: null,
      description: 'dashboard',
      status: 'enabled',
      signatureSchemes: ['v1'],
      createdAt: expect.any(String) as string,
    });
    expect(await tenant.api.read(`/v1/webhook-endpoints/${made.id}`)).toEqual(rest);
    expect(gateway.process.logs()).not.toContain(secret);
  });

  it.each([
    [{}, '/url required'],
    [{ url: 5 }, '/url wrong_type'],
    [{ url, eventTypes: ['image_request.lost'] }, '/eventTypes/0 unknown_value'],
    [{ url, eventTypes: [] }, '/eventTypes too_few'],
    [{ url, accountIds: ['acc_x'] }, '/accountIds/0 malformed'],
    [{ url, accountIds: ['acc_01h455vb4pex5vsknk084sn02q'] }, '/accountIds/0 not_found'],
    [{ url, secret: 'mine' }, '/secret unknown_field'],
    [{ url, signatureSchemes: ['v1a'] }, '/signatureSchemes required'],
    [{ url, signatureSchemes: ['v1', 'v2'] }, '/signatureSchemes/1 unknown_value'],
    [{ url, signatureSchemes: null }, '/signatureSchemes wrong_type'],
  ])('are not made of %j', async (body, fault) => {
    const answer = await tenant.api.call<{ errors: { pointer: string; code: string }[] }>(
      'POST',
      '/v1/webhook-endpoints',
      body,
    );

    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer, code }) => `${pointer} ${code}`)).toEqual([fault]);
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://10.0.0.1/',
    'http://127.0.0.1:6379/',
    'http://example.com:25/',
    'http://user:word@example.com/',
    'ftp://example.com/',
    'nonsense',
  ])('may not call %s', async (forbidden) => {
    expect(await tenant.api.call('POST', '/v1/webhook-endpoints', { url: forbidden })).toMatchObject({
      status: 422,
      body: { code: 'webhook_url_forbidden' },
    });
  });

  it('are changed, tested, disabled and deleted, each on record', async () => {
    const { id } = await create({ description: 'old' });
    const path = `/v1/webhook-endpoints/${id}`;
    expect(
      await tenant.api.call('PATCH', path, { description: null, eventTypes: ['image_request.failed'] }),
    ).toMatchObject({
      status: 200,
      body: { description: null, eventTypes: ['image_request.failed'], url },
    });
    const test = await tenant.api.call('POST', `${path}/test`);
    expect(test.status).toBe(202);
    const deliveryId = String(test.body['deliveryId']);
    expect(await tenant.api.read(`/v1/webhook-deliveries/${deliveryId}`)).toMatchObject({
      id: deliveryId,
      endpointId: id,
      eventType: 'webhook_endpoint.test',
      status: 'pending',
      attempts: [],
    });
    expect((await tenant.api.read<Page>(`${path}/deliveries?status=pending`)).data).toMatchObject([
      { id: deliveryId, failureReason: null },
    ]);
    expect((await tenant.api.read<Page>(`${path}/deliveries?status=failed`)).data).toEqual([]);
    await tenant.api.call('PATCH', path, { status: 'disabled' });
    expect((await tenant.api.read<Page>(`${path}/deliveries?status=failed`)).data).toMatchObject([
      { id: deliveryId, failureReason: 'endpoint_disabled' },
    ]);
    expect(await tenant.api.call('POST', `${path}/test`)).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_disabled' },
    });
    expect((await tenant.api.call('DELETE', path)).status).toBe(204);
    expect((await tenant.api.call('GET', path)).status).toBe(404);

    const log = await tenant.api.read<Page>('/v1/audit-log');
    expect(
      log.data.filter((entry) => JSON.stringify(entry['target']).includes(id)).map((entry) => entry['action']),
    ).toEqual([
      'webhook_endpoint.create',
      'webhook_endpoint.update',
      'webhook_endpoint.test',
      'webhook_endpoint.update',
      'webhook_endpoint.delete',
    ]);
  });

  it.each([
    ['no body', undefined, 86_400],
    ['an empty one', {}, 86_400],
    ['an overlap of its own', { overlapSeconds: 0 }, 0],
  ])(
    'get another secret with %s, which is shown once, and on record without it',
    async (_what, body, overlapSeconds) => {
      const made = await create();
      const path = `/v1/webhook-endpoints/${made.id}`;
      const rotated = await tenant.api.call<{ secret: string }>('POST', `${path}/rotate-secret`, body);
      const { secret } = rotated.body;

      expect(rotated.status).toBe(200);
      expect(rotated.body).toEqual({ secret: expect.stringMatching(/^whsec_/) as string });
      expect(secret).not.toBe(made.secret);
      expect(JSON.stringify(await tenant.api.read(path))).not.toContain('whsec_');
      const log = await tenant.api.read<Page>('/v1/audit-log?action=webhook_endpoint.rotate_secret');
      expect(log.data.at(-1)).toMatchObject({
        target: { id: made.id },
        detail: { version: 2, overlapSeconds },
      });
      expect(gateway.process.logs() + JSON.stringify(log)).not.toContain(secret);
    },
  );

  it.each([
    [{ overlapSeconds: 86_401 }, '/overlapSeconds too_large'],
    [{ overlapSeconds: -1 }, '/overlapSeconds too_small'],
    [{ overlapSeconds: '60' }, '/overlapSeconds wrong_type'],
    [{ overlapSeconds: null }, '/overlapSeconds wrong_type'],
    [{ secret: 'mine' }, '/secret unknown_field'],
    [[], ' wrong_type'],
  ])('keep their secret when asked to replace it with %j', async (body, fault) => {
    const { id } = await create();
    const answer = await tenant.api.call<{ errors: { pointer: string; code: string }[] }>(
      'POST',
      `/v1/webhook-endpoints/${id}/rotate-secret`,
      body,
    );

    expect(answer.status).toBe(400);
    expect(answer.body.errors.map(({ pointer, code }) => `${pointer} ${code}`)).toContain(fault);
    const { rows } = await sql`select from webhook_secrets where endpoint_id = ${id}`.execute(
      gateway.database.postgres.db,
    );
    expect(rows).toHaveLength(1);
  });

  it('are verified with keys that anybody may read and keep for a while', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => fetch(`${gateway.url}/.well-known/webhook-keys.json`)),
    );
    const sets = (await Promise.all(answers.map((answer) => answer.json()))) as { keys: Record<string, string>[] }[];
    const [key] = sets[0]?.keys ?? [];

    expect(answers.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual(
      answers.map(() => [200, 'public, max-age=300']),
    );
    for (const set of sets) expect(set).toEqual(sets[0]);
    expect(sets[0]?.keys).toHaveLength(1);
    expect(key).toEqual({
      kty: 'OKP',
      crv: 'Ed25519',
      alg: 'EdDSA',
      use: 'sig',
      kid: expect.stringMatching(/^whk_/) as string,
      x: expect.stringMatching(/^[\w-]{43}$/) as string,
      publicKey: `whpk_${Buffer.from(key?.['x'] ?? '', 'base64url').toString('base64')}`,
    });
  });

  it('are listed page by page', async () => {
    const other = await gateway.createTenant(SCOPES);
    for (const description of ['one', 'two', 'three'])
      await other.api.created('/v1/webhook-endpoints', { url, description });
    const first = await other.api.read<Page>('/v1/webhook-endpoints?limit=2');
    const second = await other.api.read<Page>(`/v1/webhook-endpoints?limit=2&cursor=${first.nextCursor}`);

    expect([...first.data, ...second.data].map((endpoint) => endpoint['description'])).toEqual(['three', 'two', 'one']);
    expect(second.nextCursor).toBeNull();
  });

  it('are sent again what is asked for, each time on record', async () => {
    const { id } = await create();
    const path = `/v1/webhook-endpoints/${id}`;
    const { deliveryId } = (await tenant.api.call<{ deliveryId: string }>('POST', `${path}/test`)).body;
    const redeliver = `/v1/webhook-deliveries/${deliveryId}/redeliver`;

    expect(await tenant.api.call('POST', redeliver)).toMatchObject({ status: 202, body: { deliveryId } });
    for (const body of [undefined, {}, { only: 'failed' }, { only: 'missing', after: '2026-01-01T00:00:00Z' }])
      expect(await tenant.api.call('POST', `${path}/replay`, body)).toMatchObject({
        status: 202,
        body: { count: 0, more: false },
      });
    for (const body of [{ only: 'all' }, { after: 'yesterday' }, { after: null }, { since: 1 }])
      expect(await tenant.api.call('POST', `${path}/replay`, body)).toMatchObject({
        status: 400,
        body: { code: 'invalid_input' },
      });
    for (const call of [redeliver, `${path}/test`])
      expect(await tenant.api.call('POST', call, { force: true })).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '/force', code: 'unknown_field' }] },
      });
    await tenant.api.call('PATCH', path, { status: 'disabled' });
    for (const call of [redeliver, `${path}/replay`])
      expect(await tenant.api.call('POST', call)).toMatchObject({
        status: 409,
        body: { code: 'webhook_endpoint_disabled' },
      });
    await tenant.api.call('DELETE', path);
    expect(await tenant.api.call('POST', redeliver)).toMatchObject({
      status: 409,
      body: { code: 'webhook_endpoint_deleted' },
    });

    const log = await tenant.api.read<Page>('/v1/audit-log');
    const actions = log.data
      .filter((entry) => JSON.stringify(entry['target']).includes(id))
      .map((entry) => entry['action']);
    expect(actions.filter((action) => action === 'webhook_endpoint.redeliver')).toHaveLength(1);
    expect(actions.filter((action) => action === 'webhook_endpoint.replay')).toHaveLength(4);
  });

  it('of another tenant are not there', async () => {
    const { id } = await create();
    const stranger = await gateway.createTenant(SCOPES);
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['PATCH', '', { status: 'disabled' }],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/replay'],
      ['POST', '/rotate-secret'],
      ['GET', '/deliveries'],
    ];
    for (const [method, path, body] of calls) {
      for (const which of [id, newId('whe'), 'whe_x'])
        expect((await stranger.api.call(method, `/v1/webhook-endpoints/${which}${path}`, body)).status).toBe(404);
    }
    expect((await tenant.api.call('GET', `/v1/webhook-endpoints/${id}`)).body).toMatchObject({ status: 'enabled' });
  });

  it.each([
    ['after=nonsense', 400, 'invalid_input'],
    [`after=${newId('evt')}`, 404, 'not_found'],
    ['cursor=nonsense', 400, 'invalid_cursor'],
    ['types=image_request.lost', 400, 'invalid_input'],
  ])('leave the feed of events to be read: ?%s gets %i %s', async (query, status, code) => {
    expect(await tenant.api.call('GET', `/v1/events?${query}`)).toMatchObject({ status, body: { code } });
    expect(await tenant.api.read('/v1/events?types=image_request.queued,image_request.failed')).toEqual({
      data: [],
      nextCursor: null,
    });
  });
});
