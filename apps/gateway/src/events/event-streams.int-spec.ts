import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { AuditStore } from '#libs/audit';
import { SystemClock } from '#libs/clock';
import { EventTails, type EventType, type FollowFrom } from '#libs/events';
import { newId, type TenantId } from '#libs/ids';
import { type LogLine, SilentLog } from '#libs/logging';
import { Secret } from '#libs/secret';
import { ApiKeyStore, Authenticator } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { EventStack } from '../../../../test/support/event-stack.js';
import { StreamReader } from '../../../../test/support/stream-reader.js';
import { AuthRefusals } from '../http/auth-refusals.js';
import { Draining } from '../http/draining.js';
import { KeyWatch } from '../http/key-watch.js';
import { faultOf } from '../http/problem.js';
import { sendProblem } from '../http/problem.filter.js';
import { createServer } from '../http/server.js';
import { EventStreams, type StreamOptions } from './event-streams.js';

/** More than the system keeps for a connection that nobody reads. */
const MUCH = { count: 200, paddingCharacters: 100_000 };

/** How streams ended, in order. */
class KeptLog extends SilentLog {
  readonly outcomes: unknown[] = [];

  override info(line?: LogLine): void {
    if (line?.event === 'event_stream.ended') this.outcomes.push(line['outcome']);
  }
}

describe('EventStreams', () => {
  let stack: EventStack;
  const servers: FastifyAdapter[] = [];
  const readers: StreamReader[] = [];

  beforeAll(async () => {
    stack = await EventStack.start();
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.cut();
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });
  afterAll(() => stack.stop());

  /** Streams behind a server like the gateway's, at `/<tenant>/<from>`; the key of whoever calls never ends. */
  async function serve({ types, ...options }: StreamOptions & { types?: readonly EventType[] } = {}) {
    const { postgres } = stack.database;
    const [clock, log, draining] = [new SystemClock(), new KeptLog(), new Draining()];
    const authenticator = new Authenticator(postgres, new ApiKeyStore(), clock, new Secret('of the operators'));
    const refusals = new AuthRefusals(postgres, new AuditStore(), clock, log);
    const tails = new EventTails(postgres, stack.store, stack.hints, log, { lookEveryMs: 50 });
    const streams = new EventStreams(tails, draining, new KeyWatch(authenticator, refusals, log), log, options);
    const adapter = createServer(log, []);
    const server = adapter.getInstance();
    server.get<{ Params: { tenantId: TenantId; from: FollowFrom } }>('/:tenantId/:from', async (request, reply) => {
      request.holder = {
        kind: 'operator',
        acting: {
          actor: { type: 'api_key', id: 'admin', name: 'admin', ip: null, userAgent: null },
          requestId: request.id,
        },
      };
      await streams.begin(request, reply, { ...request.params, types });
    });
    server.setErrorHandler((error, request, reply) => sendProblem(request, reply, faultOf(error), error));
    const url = await server.listen({ port: 0, host: '127.0.0.1' });
    servers.push(adapter);
    return {
      draining,
      log,
      open: async (tenantId: TenantId, from: FollowFrom = 'start', method = 'GET') => {
        const reader = await StreamReader.open(`${url}/${tenantId}/${from}`, { method });
        readers.push(reader);
        return reader;
      },
    };
  }

  it('answers with the head of a stream at once, and tells when to come back and behind what', async () => {
    const tenantId = await stack.newTenant();
    const { open } = await serve();
    const first = await open(tenantId, 'now');
    await waitFor(() => first.retryMs !== null);
    const [id] = await stack.happen(tenantId, 1);
    await waitFor(() => first.messages.length === 1);
    const second = await open(tenantId, 'now');
    await waitFor(() => second.retryMs !== null);

    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(first.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.retryMs).toBeGreaterThanOrEqual(2000);
    expect(second.lastEventId).toBe(id);
    expect(second.messages).toEqual([]);
  });

  it('gives a tenant without events a place too, so that its first one is not missed in between', async () => {
    const tenantId = await stack.newTenant();
    const { open } = await serve();
    const early = await open(tenantId, 'now');
    await waitFor(() => early.retryMs !== null);
    early.cut();
    await stack.happen(tenantId, 1);
    const late = await open(tenantId, early.lastEventId as FollowFrom);

    await waitFor(() => late.messages.length === 1);
    expect(late.sequences).toEqual([1]);
  });

  it('sends a comment again and again, and with it the place behind events that were not asked for', async () => {
    const tenantId = await stack.newTenant();
    const { open } = await serve({ beatEveryMs: 20, types: ['image_request.failed'] });
    const [failed] = await stack.happen(tenantId, 1, { type: 'image_request.failed' });
    const reader = await open(tenantId, failed);
    await waitFor(() => reader.comments > 3);
    expect(reader.lastEventId).toBe('');
    const [queued] = await stack.happen(tenantId, 1);

    await waitFor(() => reader.lastEventId === queued);
    expect(reader.messages).toEqual([]);
  });

  it('closes a stream that nobody reads, and lets no other wait for it', async () => {
    const tenantId = await stack.newTenant();
    const { open, log } = await serve({ beatEveryMs: 50, unreadMaxMs: 300 });
    const [stuck, quick] = [await open(tenantId), await open(tenantId)];
    stuck.pause();
    await stack.happen(tenantId, MUCH.count, MUCH);

    await waitFor(() => quick.messages.length === MUCH.count, { timeoutMs: 20_000 });
    expect(quick.sequences).toEqual(Array.from({ length: MUCH.count }, (_, index) => index + 1));
    await waitFor(() => log.outcomes.includes('not_read'));
    expect(log.outcomes).toEqual(['not_read']);
    expect(await stuck.readOn()).toBe('cut');
    const { lastEventId, sequences } = stuck;
    expect(sequences).toEqual(Array.from({ length: sequences.length }, (_, index) => index + 1));
    expect(sequences.length).toBeLessThan(MUCH.count);

    const resumed = await open(tenantId, lastEventId as FollowFrom);
    await waitFor(() => resumed.sequences.at(-1) === MUCH.count, { timeoutMs: 20_000 });
    expect([...sequences, ...resumed.sequences]).toEqual(quick.sequences);
  });

  it('takes so many streams in all, and one more for each that has ended', async () => {
    const [one, other] = [await stack.newTenant(), await stack.newTenant()];
    const { open } = await serve({ streamsMax: 2 });
    const [first] = [await open(one), await open(other)];
    const refused = await open(other);
    await waitFor(() => refused.text !== '');

    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('10');
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'streams_unavailable' });
    first.cut();
    await waitFor(async () => (await open(other)).status === 200);
    expect((await open(one)).status).toBe(503);
  });

  it('refuses a tenant more than its share with the time to wait', async () => {
    const tenantId = await stack.newTenant();
    const { open } = await serve({ streamsOfTenantMax: 1 });
    const held = await open(tenantId);
    const refused = await open(tenantId);
    await waitFor(() => refused.text !== '');

    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({ 'retry-after': '10', 'content-type': /problem\+json/ });
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'too_many_streams' });
    held.cut();
    await waitFor(async () => (await open(tenantId)).status === 200);
  });

  it('keeps no place for one that could not begin', async () => {
    const tenantId = await stack.newTenant();
    const { open } = await serve({ streamsOfTenantMax: 1 });
    for (let time = 0; time < 3; time += 1) expect((await open(tenantId, newId('evt'))).status).toBe(404);

    expect((await open(tenantId, 'start', 'HEAD')).status).toBe(200);
    await waitFor(async () => (await open(tenantId)).status === 200);
  });

  it('answers HEAD with the head alone', async () => {
    const { open } = await serve();
    const head = await open(await stack.newTenant(), 'now', 'HEAD');

    expect(await head.ended).toBe('finished');
    expect(head.headers['content-type']).toBe('text/event-stream');
    expect(head.text).toBe('');
  });

  it('ends every stream in good order when the process stops, and begins none', async () => {
    const tenantId = await stack.newTenant();
    const { open, draining } = await serve();
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(tenantId)));
    draining.begin();

    expect(new Set(await Promise.all(streams.map(({ ended }) => ended)))).toEqual(new Set(['finished']));
    const late = await open(tenantId);
    await waitFor(() => late.text !== '');
    expect(late.status).toBe(503);
    expect(JSON.parse(late.text)).toMatchObject({ code: 'streams_unavailable' });
  });

  it('waits for no client that does not take the end of its stream while the process stops', async () => {
    const tenantId = await stack.newTenant();
    const { open, draining, log } = await serve();
    const [stuck, quick] = [await open(tenantId), await open(tenantId)];
    stuck.pause();
    await stack.happen(tenantId, MUCH.count, MUCH);
    await waitFor(() => quick.messages.length === MUCH.count, { timeoutMs: 20_000 });
    draining.begin();

    await waitFor(() => log.outcomes.length === 2);
    expect(log.outcomes).toEqual(['gateway_stopped', 'gateway_stopped']);
  });
});
