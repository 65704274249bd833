import { sql } from 'kysely';
import { connectRedis, Hints } from '#libs/redis';
import { newId } from '#libs/ids';
import type { TenantId } from '#libs/ids';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase, testRedisUrl, waitFor } from '#libs/testing';
import { validEvent } from '../../../test/support/valid-events.js';
import { EventFeed } from './event-feed.js';
import { EventRelay, type EventSubscriber } from './event-relay.js';
import { EventStore } from './event.store.js';
import { Outbox } from './outbox.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

describe('EventRelay', () => {
  const redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  const subscriber = connectRedis(new Secret(testRedisUrl()), 'blocking');
  const hints = new Hints(redis, subscriber);
  const store = new EventStore();
  let database: MigratedDatabase;
  let outbox: Outbox;
  let feed: EventFeed;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    outbox = new Outbox(database.postgres, store, hints);
    feed = new EventFeed(database.postgres, store);
  });

  afterAll(async () => {
    await database.drop();
    redis.disconnect();
    subscriber.disconnect();
  });

  async function newTenant(): Promise<TenantId> {
    const id = newId('ten');
    await sql`insert into tenants (id, name, created_at, updated_at) values (${id}, 'spec', ${AT}, ${AT})`.execute(
      database.postgres.db,
    );
    return id;
  }

  // Of a type that belongs to no account, so that a tenant is all it needs.
  const eventOf = (tenantId: TenantId, subject: string) =>
    validEvent('webhook_endpoint.test', { tenantId, accountId: newId('acc') }, subject);

  const append = (tenantId: TenantId, subject = 'whe_1') =>
    database.postgres.transaction((tx) => outbox.append(tx, eventOf(tenantId, subject), AT));

  const relayWith = (...subscribers: EventSubscriber[]) => new EventRelay(database.postgres, store, hints, subscribers);

  async function relayAll(relay: EventRelay): Promise<void> {
    while ((await relay.relayOnce()) > 0);
  }

  it('numbers each tenant without a gap while writers and two relays race, some of the writers failing', async () => {
    const tenants = await Promise.all([newTenant(), newTenant()]);
    const relays = [relayWith(), relayWith()];
    let writing = true;
    const relaying = relays.map(async (relay) => {
      while (writing) await relay.relayOnce();
    });
    await Promise.all(
      Array.from({ length: 120 }, async (_, index) => {
        const tenantId = tenants[index % 2] as TenantId;
        const write = database.postgres.transaction(async (tx) => {
          await outbox.append(tx, eventOf(tenantId, `whe_${index}`), AT);
          if (index % 5 === 0) throw new Error('rolled back');
        });
        await write.catch(() => undefined);
      }),
    );
    writing = false;
    await Promise.all(relaying);
    await relayAll(relayWith());

    for (const tenantId of tenants) {
      const sequences = (await feed.list(tenantId, { limit: 200 })).map(({ sequence }) => sequence);
      expect(sequences).toEqual(Array.from({ length: 48 }, (_, index) => index + 1));
    }
  });

  it('lets only one relay work at a time', async () => {
    const tenantId = await newTenant();
    await append(tenantId);
    let concurrent: number | undefined;
    const slow: EventSubscriber = {
      onSequenced: async () => {
        concurrent = await relayWith().relayOnce();
      },
    };

    expect(await relayWith(slow).relayOnce()).toBe(1);
    expect(concurrent).toBe(0);
  });

  it('gives a number only if what its subscribers wrote is kept as well', async () => {
    const tenantId = await newTenant();
    await append(tenantId);
    const failing: EventSubscriber = { onSequenced: () => Promise.reject(new Error('subscriber failed')) };

    await expect(relayWith(failing).relayOnce()).rejects.toThrow('subscriber failed');
    expect(await feed.list(tenantId, { limit: 10 })).toEqual([]);

    const seen: number[] = [];
    await relayAll(
      relayWith({ onSequenced: async (_tx, events) => void seen.push(...events.map((event) => event.sequence)) }),
    );
    expect(seen).toEqual([1]);
  });

  it('tells of each event once, in the order in which its subject changed', async () => {
    const tenantId = await newTenant();
    for (let index = 0; index < 5; index += 1) await append(tenantId, `whe_${index}`);
    const subjects: string[] = [];
    const relay = relayWith({
      onSequenced: async (_tx, events) => void subjects.push(...events.map(({ subject }) => subject)),
    });
    await relayAll(relay);
    await relayAll(relay);

    expect(subjects).toEqual(['whe_0', 'whe_1', 'whe_2', 'whe_3', 'whe_4']);
  });

  it('hints at a new event when it is written, and at its tenant when it has its place', async () => {
    const tenantId = await newTenant();
    let appended = 0;
    const sequenced: string[] = [];
    const stop = [
      hints.on('events-appended', () => (appended += 1)),
      hints.on('events-sequenced', (subject) => sequenced.push(subject)),
    ];
    await waitFor(async () => {
      await append(tenantId);
      return appended > 0;
    });
    await relayAll(relayWith());

    await waitFor(() => sequenced.includes(tenantId));
    stop.forEach((off) => off());
  });

  describe('EventFeed', () => {
    it('lists the oldest first, from behind a given event, by type, and only what has its place', async () => {
      const tenantId = await newTenant();
      const ids = [];
      for (let index = 0; index < 3; index += 1) ids.push((await append(tenantId)).id);
      await relayAll(relayWith());
      await append(tenantId);

      const list = async (request: Parameters<EventFeed['list']>[1]) =>
        (await feed.list(tenantId, request)).map(({ id }) => id);
      expect(await list({ limit: 10 })).toEqual(ids);
      expect(await list({ limit: 1, after: ids[0] as (typeof ids)[0] })).toEqual([ids[1]]);
      expect(await list({ limit: 10, types: ['webhook_endpoint.test'] })).toEqual(ids);
      expect(await list({ limit: 10, types: ['image_request.failed'] })).toEqual([]);
    });

    it('shows another tenant nothing, not even that an event exists', async () => {
      const [owner, stranger] = await Promise.all([newTenant(), newTenant()]);
      const { id } = await append(owner);
      await relayAll(relayWith());

      expect(await feed.list(stranger, { limit: 10 })).toEqual([]);
      await expect(feed.list(stranger, { limit: 10, after: id })).rejects.toMatchObject({ code: 'not_found' });
      await expect(feed.get(stranger, id)).rejects.toMatchObject({ code: 'not_found' });
      expect(await feed.get(owner, id)).toMatchObject({ id, sequence: 1 });
    });
  });
});
