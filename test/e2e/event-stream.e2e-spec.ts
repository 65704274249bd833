import { EventSource } from 'eventsource';
import { EventStore, Outbox } from '#libs/events';
import { type AccountId, newId, type TenantId } from '#libs/ids';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { type ApiAnswer, ApiClient } from '../support/api-client.js';
import { newImageName, newInstanceId, orderFor } from '../support/image-requests.js';
import { StreamReader } from '../support/stream-reader.js';
import { validEvent } from '../support/valid-events.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

const PATH = '/v1/events/stream';
/** A key opens nothing any more within a second; the rest is for a machine that has other things to do. */
const ENDED_WITHIN_MS = 5000;
const STOPPED_WITHIN_MS = 10_000;

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('The stream of events', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let redis: ReturnType<typeof connectRedis>;
  const readers: StreamReader[] = [];

  beforeAll(async () => {
    service = await startWholeService({ gateways: 2 });
    tenant = await service.createTenant('streams');
    redis = connectRedis(new Secret(service.redisUrl), 'commands');
  }, 60_000);
  afterEach(() => readers.splice(0).forEach((reader) => reader.cut()));
  afterAll(async () => {
    redis.disconnect();
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const gatewayUrl = (index: number): string => service.gateways[index]?.url ?? '';

  async function open(
    key: string,
    { gateway = 0, query = '', lastEventId = '', method = 'GET' } = {},
  ): Promise<StreamReader> {
    const reader = await StreamReader.open(`${gatewayUrl(gateway)}${PATH}${query}`, { key, lastEventId, method });
    readers.push(reader);
    return reader;
  }

  async function happen({ id, account }: TestTenant, count: number): Promise<void> {
    const { postgres } = service.database;
    const outbox = new Outbox(postgres, new EventStore(), new Hints(redis, redis));
    for (let index = 0; index < count; index += 1) {
      const owner = { tenantId: id as TenantId, accountId: account.id as AccountId };
      const event = validEvent('image_request.queued', owner, newId('ireq'));
      await postgres.transaction((tx) => outbox.append(tx, event, new Date()));
    }
  }

  async function order(owner: TestTenant): Promise<void> {
    const orders = { imageName: newImageName(), instanceId: newInstanceId() };
    await owner.api.created('/v1/image-requests', orderFor(owner, orders));
  }

  async function newKey(owner: TestTenant, scopes: readonly string[]): Promise<{ id: string; key: string }> {
    return service.admin.created(`/v1/tenants/${owner.id}/api-keys`, { name: 'stream', scopes });
  }

  async function ask(key: string, headers: Readonly<Record<string, string>>, query = ''): Promise<ApiAnswer> {
    return new ApiClient(service.url, key).call('GET', `${PATH}${query}`, undefined, headers);
  }

  it('tells on every gateway what the feed tells, in the same words, as it happens', async () => {
    const streams = [await open(tenant.key), await open(tenant.key, { gateway: 1 })];
    const succeeded = await open(tenant.key, { query: '?types=image_request.succeeded' });
    await order(tenant);
    await waitFor(() => streams.every(({ messages }) => messages.length === 3), { timeoutMs: 20_000 });
    await waitFor(() => succeeded.messages.length === 1);

    const { data: feed } = await tenant.api.read<{ data: { id: string; type: string }[] }>('/v1/events');
    for (const { messages } of streams) {
      expect(messages.map(({ data }) => JSON.parse(data) as unknown)).toEqual(feed);
      expect(messages.map(({ id, event }) => ({ id, event }))).toEqual(
        feed.map(({ id, type }) => ({ id, event: type })),
      );
    }
    expect(succeeded.messages.map(({ event }) => event)).toEqual(['image_request.succeeded']);
    const head = await open(tenant.key, { method: 'HEAD' });
    expect([head.status, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
    expect(head.headers['x-request-id']).toEqual(expect.any(String));
  });

  it('goes on without a gap and without a repeat, however often and wherever a client comes back', async () => {
    const owner = await service.createTenant('comes back');
    const seen: number[] = [];
    let lastEventId = 'start';
    const writing = happen(owner, 150);
    for (let round = 0; seen.at(-1) !== 150; round += 1) {
      const reader = await open(owner.key, { gateway: round % 2, lastEventId });
      expect(reader.status).toBe(200);
      const enough = Math.min(150 - seen.length, 1 + (round % 20));
      await waitFor(() => reader.messages.length >= enough, { timeoutMs: 20_000 });
      reader.cut();
      seen.push(...reader.sequences);
      ({ lastEventId } = reader);
    }
    await writing;

    expect(seen).toEqual(upTo(150));
  });

  it('brings a standard client back by itself when its gateway goes, with all that happened meanwhile', async () => {
    const owner = await service.createTenant('standard client');
    const going = await service.startGateway();
    const seen: number[] = [];
    const opens: number[] = [];
    const source = new EventSource(`${going.url ?? ''}${PATH}`, {
      fetch: (input, init) =>
        fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${owner.key}` } }),
    });
    source.addEventListener('open', () => opens.push(seen.length));
    source.addEventListener('image_request.queued', ({ data }: MessageEvent) => {
      seen.push((JSON.parse(String(data)) as { sequence: number }).sequence);
    });
    await waitFor(() => opens.length === 1);
    await happen(owner, 5);
    await waitFor(() => seen.length === 5);
    expect(await going.stop()).toBe(0);
    await happen(owner, 5);
    await service.startGateway(going.url);
    await happen(owner, 5);

    await waitFor(() => seen.at(-1) === 15, { timeoutMs: 20_000 });
    source.close();
    expect(seen).toEqual(upTo(15));
    expect(opens).toEqual([0, 5]);
  });

  it('ends within a second of the end of its key or of its tenant, on every gateway, and is audited', async () => {
    const [owner, suspended] = [await service.createTenant('ends'), await service.createTenant('suspended')];
    const key = await newKey(owner, ['images:read']);
    const revoked = [await open(key.key), await open(key.key, { gateway: 1 })];
    const [kept, ofSuspended] = [await open(owner.key), await open(suspended.key)];
    const at = performance.now();
    await service.admin.call('DELETE', `/v1/tenants/${owner.id}/api-keys/${key.id}`);
    await service.admin.call('PATCH', `/v1/tenants/${suspended.id}`, { status: 'suspended' });

    expect(await Promise.all([...revoked, ofSuspended].map(({ ended }) => ended))).toEqual(Array(3).fill('finished'));
    expect(performance.now() - at).toBeLessThan(ENDED_WITHIN_MS);
    await happen(owner, 1);
    await waitFor(() => kept.messages.length === 1);
    for (const { messages } of revoked) expect(messages).toEqual([]);
    expect((await open(key.key)).status).toBe(401);
    expect((await open(suspended.key)).status).toBe(403);
    const audited = async () =>
      (await owner.api.read<{ data: unknown[] }>(`/v1/audit-log?actorId=${key.id}&action=auth.refused`)).data;
    await waitFor(async () => (await audited()).length >= 3);
    expect(await audited()).toMatchObject([
      { detail: { reason: 'revoked', path: PATH } },
      { detail: { reason: 'revoked', path: PATH } },
      { detail: { reason: 'revoked', path: PATH } },
    ]);
  });

  it('refuses before it begins: what is no event, what is not kept, and what the key may not see', async () => {
    const stranger = await service.createTenant('stranger');
    const { data } = await tenant.api.read<{ data: { id: string }[] }>('/v1/events?limit=1');
    const theirs = data[0]?.id ?? '';
    const lacking = await newKey(tenant, ['images:write']);
    const malformed = await ask(tenant.key, { 'last-event-id': 'nonsense' });
    const [foreign, unknown, byQuery] = [
      await ask(stranger.key, { 'last-event-id': theirs }),
      await ask(stranger.key, { 'last-event-id': newId('evt') }),
      await ask(stranger.key, {}, `?after=${theirs}`),
    ];
    const inFeed = await stranger.api.call('GET', `/v1/events?after=${theirs}`);

    expect(malformed).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(malformed.body['errors']).toMatchObject([{ pointer: 'Last-Event-ID', code: 'malformed' }]);
    expect(foreign).toMatchObject({ status: 404, body: { code: 'not_found', detail: unknown.body['detail'] } });
    expect([byQuery, inFeed].map(({ body }) => body['detail'])).toEqual([
      unknown.body['detail'],
      unknown.body['detail'],
    ]);
    expect(await ask(tenant.key, {}, '?types=no.such')).toMatchObject({ status: 400, body: { code: 'invalid_input' } });
    expect(await ask(tenant.key, {}, '?limit=5')).toMatchObject({ status: 400 });
    expect(await ask(lacking.key, {})).toMatchObject({ status: 403, body: { code: 'insufficient_scope' } });
    const cursor = Buffer.from(`after:${theirs}`).toString('base64url');
    expect(await stranger.api.call('GET', `/v1/events?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_cursor' },
    });
  });

  it('loses Redis and loses no event', async () => {
    const owner = await service.createTenant('no redis');
    const reader = await open(owner.key);
    await service.restartRedis(async () => {
      await happen(owner, 5);
      await waitFor(() => reader.messages.length === 5, { timeoutMs: 20_000 });
    });
    await happen(owner, 5);

    await waitFor(() => reader.messages.length === 10, { timeoutMs: 20_000 });
    expect(reader.sequences).toEqual(upTo(10));
  });

  it('ends at once when its gateway is told to stop, however many there are', async () => {
    const owner = await service.createTenant('stops');
    const stopping = service.gateways[1];
    const streams = await Promise.all(Array.from({ length: 300 }, () => open(owner.key, { gateway: 1 })));
    expect(new Set(streams.map(({ status }) => status))).toEqual(new Set([200]));
    const at = performance.now();
    const exited = stopping?.stop('SIGTERM');

    expect(new Set(await Promise.all(streams.map(({ ended }) => ended)))).toEqual(new Set(['finished']));
    expect(await exited).toBe(0);
    expect(performance.now() - at).toBeLessThan(STOPPED_WITHIN_MS);
  });
});
