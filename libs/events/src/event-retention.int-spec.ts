import { sql } from 'kysely';
import { ManualClock } from '#libs/clock';
import type { EventId, TenantId } from '#libs/ids';
import { SystemPostgres } from '#libs/postgres';
import { Secret } from '#libs/secret';
import { EventStack } from '../../../test/support/event-stack.js';
import { type EventHolder, EventRetention } from './event-retention.js';

const NOW = new Date('2026-03-01T00:00:00.000Z');
const OLD = new Date('2026-01-29T23:59:59.999Z');
const YOUNG = new Date('2026-01-30T00:00:00.000Z');

describe('EventRetention', () => {
  let stack: EventStack;
  let worker: SystemPostgres;

  beforeAll(async () => {
    stack = await EventStack.start();
    worker = new SystemPostgres(new Secret(stack.database.url));
  });
  afterEach(() => sql`truncate events, event_sequences cascade`.execute(stack.database.postgres.db));
  afterAll(async () => {
    await worker.close();
    await stack.stop();
  });

  function retention({ batchEvents = 10, needs = [] }: { batchEvents?: number; needs?: readonly EventId[] } = {}) {
    const holder: EventHolder = {
      stillNeeded: async (_tx, ids) => new Set(ids.filter((id) => needs.includes(id))),
      letGo: async () => undefined,
    };
    return new EventRetention(worker, stack.store, [holder], new ManualClock(NOW), { keptDays: 30, batchEvents });
  }

  const sweep = (options?: Parameters<typeof retention>[0]) => retention(options).sweep(new AbortController().signal);

  async function keptOf(tenantId: TenantId): Promise<readonly number[]> {
    return (await stack.feed.list(tenantId, { limit: 200 })).map(({ sequence }) => sequence);
  }

  it('removes what was kept for thirty days, in batches, and nothing that was not', async () => {
    const tenantId = await stack.newTenant();
    const [first] = await stack.happen(tenantId, 25, { at: OLD });
    await stack.happen(tenantId, 3, { at: YOUNG });

    expect(await sweep()).toBe(25);
    expect(await keptOf(tenantId)).toEqual([26, 27, 28]);
    await expect(stack.feed.list(tenantId, { limit: 1, after: first as EventId })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await sweep()).toBe(0);
  });

  it('keeps the newest event, so that who has seen everything can go on, and counts on from it', async () => {
    const tenantId = await stack.newTenant();
    const ids = await stack.happen(tenantId, 12, { at: OLD });

    expect(await sweep()).toBe(11);
    await stack.happen(tenantId, 1, { at: YOUNG });
    const behind = await stack.feed.list(tenantId, { limit: 10, after: ids.at(-1) as EventId });
    expect(behind.map(({ sequence }) => sequence)).toEqual([13]);
  });

  it('leaves no gap: what is still needed keeps all that lies behind it', async () => {
    const [tenantId, other] = [await stack.newTenant(), await stack.newTenant()];
    const ids = await stack.happen(tenantId, 30, { at: OLD });
    await stack.happen(other, 3, { at: OLD });
    const needs = [ids[13] as EventId];

    expect(await sweep({ needs })).toBe(13 + 2);
    expect(await keptOf(tenantId)).toEqual(Array.from({ length: 17 }, (_, index) => 14 + index));
    expect(await sweep({ needs })).toBe(0);
    expect(await sweep()).toBe(16);
  });

  it('goes by the sequence where clocks disagreed', async () => {
    const tenantId = await stack.newTenant();
    await stack.happen(tenantId, 1, { at: YOUNG });
    await stack.happen(tenantId, 5, { at: OLD });

    expect(await sweep()).toBe(0);
    expect(await keptOf(tenantId)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps what has no place in the sequence yet', async () => {
    const tenantId = await stack.newTenant();
    await stack.happen(tenantId, 2, { at: OLD });
    await stack.append(tenantId, { at: OLD });

    expect(await sweep()).toBe(1);
    await stack.relayAll();
    expect(await keptOf(tenantId)).toEqual([2, 3]);
  });

  it('removes each event once, however many workers are at it and writers write meanwhile', async () => {
    const tenants = await Promise.all(Array.from({ length: 5 }, () => stack.newTenant()));
    for (const tenantId of tenants) await stack.happen(tenantId, 21, { at: OLD });
    const [removed] = await Promise.all([
      Promise.all(Array.from({ length: 4 }, () => sweep({ batchEvents: 3 }))),
      ...tenants.map((tenantId) => stack.happen(tenantId, 5, { at: YOUNG })),
    ]);
    const rest = await sweep();

    expect(removed.reduce((sum, count) => sum + count, rest)).toBe(5 * 21);
    for (const tenantId of tenants) expect(await keptOf(tenantId)).toEqual([22, 23, 24, 25, 26]);
  });

  it('waits for nobody who refers to an event just now, and keeps that event', async () => {
    const tenantId = await stack.newTenant();
    const ids = await stack.happen(tenantId, 9, { at: OLD });
    await stack.database.postgres.transaction(async (tx) => {
      await sql`select from events where id = ${ids[4]} for key share`.execute(tx);
      expect(await sweep()).toBe(4);
    });

    expect(await sweep()).toBe(4);
  });

  it('stops between two batches when it is told to', async () => {
    const tenantId = await stack.newTenant();
    await stack.happen(tenantId, 9, { at: OLD });
    const stopping = new AbortController();
    const holder: EventHolder = {
      stillNeeded: async () => new Set(),
      letGo: async () => stopping.abort(),
    };
    const stopped = new EventRetention(worker, stack.store, [holder], new ManualClock(NOW), {
      keptDays: 30,
      batchEvents: 3,
    });

    expect(await stopped.sweep(stopping.signal)).toBe(3);
  });
});
