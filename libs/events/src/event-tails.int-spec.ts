import { sql } from 'kysely';
import { type EventId, newId, type TenantId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { waitFor } from '#libs/testing';
import { EventStack } from '../../../test/support/event-stack.js';
import type { EventSink } from './event-follower.js';
import { EventTails, type Following, type FollowFrom } from './event-tails.js';
import type { EventType, SequencedEvent } from './event.js';

/** Nobody listens there. */
const NOWHERE = 'redis://127.0.0.1:9';

/** Keeps what it is sent; it can be told that it is full, and that it has drained. */
class Kept implements EventSink {
  readonly events: SequencedEvent[] = [];
  isFull = false;
  private wake: (() => void)[] = [];

  constructor(private readonly fullFrom: number = Infinity) {}

  get isBusy(): boolean {
    return this.isFull;
  }

  get sequences(): readonly number[] {
    return this.events.map(({ sequence }) => sequence);
  }

  send(event: SequencedEvent): void {
    this.events.push(event);
    if (this.events.length >= this.fullFrom) this.isFull = true;
  }

  async drained(): Promise<void> {
    if (this.isFull) await new Promise<void>((resolve) => this.wake.push(resolve));
  }

  drain(): void {
    this.isFull = false;
    for (const wake of this.wake.splice(0)) wake();
  }
}

const upTo = (last: number, after = 0): readonly number[] =>
  Array.from({ length: last - after }, (_, index) => after + index + 1);

describe('EventTails', () => {
  let stack: EventStack;
  const pools: Postgres[] = [];
  const followings: Following[] = [];
  const deaf = connectRedis(new Secret(NOWHERE), 'commands');
  const noHints = new Hints(deaf, deaf);

  beforeAll(async () => {
    stack = await EventStack.start();
  });
  afterEach(() => followings.splice(0).forEach((following) => following.stop()));
  afterAll(async () => {
    deaf.disconnect();
    await Promise.all(pools.map((pool) => pool.close()));
    await stack.stop();
  });

  /** What one gateway has. */
  function newTails({ hints = stack.hints, lookEveryMs = 100, pageEvents = 7 } = {}): EventTails {
    const postgres = new Postgres(new Secret(stack.database.url), { applicationName: 'tails', connectionsMax: 5 });
    pools.push(postgres);
    return new EventTails(postgres, stack.store, hints, new SilentLog(), { lookEveryMs, pageEvents });
  }

  async function follow(
    tails: EventTails,
    tenantId: TenantId,
    from: FollowFrom,
    { sink = new Kept(), types }: { sink?: Kept; types?: readonly EventType[] } = {},
  ): Promise<Kept> {
    followings.push(tails.follow(tenantId, await tails.locate(tenantId, from), types, sink));
    return sink;
  }

  it('sends everything once and in order, whenever a reader comes, while writers and relays race over two gateways', async () => {
    const tenantId = await stack.newTenant();
    const [first] = await stack.happen(tenantId, 1);
    const gateways = [newTails(), newTails({ hints: noHints })];
    const readers: { readonly sink: Kept; readonly after: number }[] = [];
    let writing = true;
    const relaying = [stack.relayWith(), stack.relayWith(noHints)].map(async (relay) => {
      while (writing) await relay.relayOnce();
    });
    const joining = gateways.map(async (tails) => {
      while (writing) {
        readers.push({ sink: await follow(tails, tenantId, 'start'), after: 0 });
        readers.push({ sink: await follow(tails, tenantId, first as EventId), after: 1 });
        const start = await tails.locate(tenantId, 'now');
        const sink = new Kept();
        followings.push(tails.follow(tenantId, start, undefined, sink));
        readers.push({ sink, after: start.place.sequence });
      }
    });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let index = 0; index < 25; index += 1) await stack.append(tenantId);
      }),
    );
    writing = false;
    await Promise.all([...relaying, ...joining]);
    await stack.relayAll();

    await waitFor(() => readers.every(({ sink, after }) => after === 201 || sink.sequences.at(-1) === 201));
    for (const { sink, after } of readers) expect(sink.sequences).toEqual(upTo(201, after));
    expect(readers.length).toBeGreaterThan(5);
  });

  it('sends what happens from now on, at once when a hint tells of it, and when none does soon after', async () => {
    const tenantId = await stack.newTenant();
    await stack.happen(tenantId, 3);
    const hinted = await follow(newTails({ lookEveryMs: 600_000 }), tenantId, 'now');
    const swept = await follow(newTails({ hints: noHints }), tenantId, 'now');
    // Whoever subscribes is not heard before Redis has said so.
    await waitFor(async () => {
      await stack.happen(tenantId, 1);
      return hinted.events.length > 0;
    });
    const [first] = hinted.sequences;
    await stack.happen(tenantId, 20);
    const { sequence } = await newTails()
      .locate(tenantId, 'now')
      .then(({ place }) => place);

    await waitFor(() => hinted.sequences.at(-1) === sequence && swept.sequences.at(-1) === sequence);
    expect(first).toBeGreaterThan(3);
    expect(hinted.sequences).toEqual(upTo(sequence, (first ?? 0) - 1));
    expect(swept.sequences).toEqual(upTo(sequence, 3));
  });

  it('sends nothing that came before, though another reader of the tenant has yet to be sent it', async () => {
    const tenantId = await stack.newTenant();
    const tails = newTails({ hints: noHints, lookEveryMs: 300 });
    const early = await follow(tails, tenantId, 'now');
    await stack.happen(tenantId, 2);
    const late = await follow(tails, tenantId, 'now');
    await stack.happen(tenantId, 2);

    await waitFor(() => early.events.length === 4 && late.events.length === 2);
    expect(early.sequences).toEqual([1, 2, 3, 4]);
    expect(late.sequences).toEqual([3, 4]);
  });

  it('shows the events of the types that were asked for, and knows its place behind those that were not', async () => {
    const tenantId = await stack.newTenant();
    for (let round = 0; round < 6; round += 1) {
      await stack.happen(tenantId, 4);
      await stack.happen(tenantId, 1, { type: 'image_request.failed' });
    }
    const tails = newTails();
    const types = ['image_request.failed'] as const;
    const old = await follow(tails, tenantId, 'start', { types });
    await waitFor(() => old.events.length === 6);
    await stack.happen(tenantId, 1, { type: 'image_request.failed' });
    const [last] = (await stack.happen(tenantId, 1)).slice(-1);

    await waitFor(() => followings[0]?.place.id === last);
    expect(old.sequences).toEqual([5, 10, 15, 20, 25, 30, 31]);
    expect(followings[0]?.place.sequence).toBe(32);
  });

  it('waits for a reader that is full, and for nobody else, and then sends it what it lacks', async () => {
    const tenantId = await stack.newTenant();
    const tails = newTails();
    const slow = await follow(tails, tenantId, 'start', { sink: new Kept(5) });
    const quick = await follow(tails, tenantId, 'start');
    const slowToCatchUp = new Kept(1);
    await stack.happen(tenantId, 30);
    await follow(tails, tenantId, 'start', { sink: slowToCatchUp });

    await waitFor(() => quick.events.length === 30 && slowToCatchUp.isFull);
    expect(slow.sequences).toEqual(upTo(5));
    await stack.happen(tenantId, 10);
    await waitFor(() => quick.events.length === 40);
    expect([slow.events.length, slowToCatchUp.events.length]).toEqual([5, 1]);
    for (const sink of [slow, slowToCatchUp]) {
      await waitFor(() => {
        sink.drain();
        return sink.events.length === 40;
      });
      expect(sink.sequences).toEqual(upTo(40));
    }
  });

  it('goes on where it was when the database was out of reach', async () => {
    const tenantId = await stack.newTenant();
    const tails = newTails();
    const readers = [await follow(tails, tenantId, 'start')];
    for (let round = 0; round < 10; round += 1) {
      await stack.happen(tenantId, 8);
      const late = await follow(tails, tenantId, 'start').catch(() => null);
      if (late !== null) readers.push(late);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tails'`.execute(
        stack.database.postgres.db,
      );
    }

    await waitFor(() => readers.every(({ events }) => events.length === 80));
    for (const { sequences } of readers) expect(sequences).toEqual(upTo(80));
  });

  it('sends nothing to a reader that has stopped, and hears no hints for nobody', async () => {
    const tenantId = await stack.newTenant();
    const tails = newTails();
    const [gone, stays] = [await follow(tails, tenantId, 'start'), await follow(tails, tenantId, 'start')];
    followings[0]?.stop();
    followings[0]?.stop();
    await stack.happen(tenantId, 3);

    await waitFor(() => stays.events.length === 3);
    expect(gone.events).toEqual([]);
  });

  it("begins behind no event of another tenant, in the words that an unknown one gets, and tells nothing of other's", async () => {
    const [owner, stranger] = [await stack.newTenant(), await stack.newTenant()];
    const tails = newTails();
    const strangers = await follow(tails, stranger, 'start');
    const owners = await follow(tails, owner, 'start');
    const [theirs] = await stack.happen(owner, 1);
    const refusals = [theirs as EventId, newId('evt')].map((id) =>
      tails.locate(stranger, id).catch((error: unknown) => error),
    );

    const [foreign, unknown] = (await Promise.all(refusals)) as { publicMessage: string }[];
    expect(foreign).toMatchObject({ code: 'not_found', publicMessage: unknown?.publicMessage });
    await stack.happen(stranger, 1);
    await waitFor(() => strangers.events.length === 1 && owners.events.length === 1);
    expect(strangers.events[0]?.tenantId).toBe(stranger);
  });
});
