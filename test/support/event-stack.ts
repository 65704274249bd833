import { sql } from 'kysely';
import { EventFeed, EventRelay, EventStore, type EventSubscriber, type EventType, Outbox } from '#libs/events';
import { type EventId, newId, type TenantId } from '#libs/ids';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase, testRedisUrl } from '#libs/testing';

/** Writes events and has them relayed, over real servers. */
export class EventStack {
  readonly store = new EventStore();
  readonly feed: EventFeed;
  private readonly redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  private readonly subscriber = connectRedis(new Secret(testRedisUrl()), 'blocking');
  readonly hints = new Hints(this.redis, this.subscriber);
  private readonly outbox: Outbox;

  private constructor(readonly database: MigratedDatabase) {
    this.feed = new EventFeed(database.postgres, this.store);
    this.outbox = new Outbox(database.postgres, this.store, this.hints);
  }

  static async start(): Promise<EventStack> {
    return new EventStack(await createMigratedDatabase());
  }

  async stop(): Promise<void> {
    await this.database.drop();
    this.redis.disconnect();
    this.subscriber.disconnect();
  }

  async newTenant(): Promise<TenantId> {
    const id = newId('ten');
    await sql`insert into tenants (id, name, created_at, updated_at) values (${id}, 'spec', now(), now())`.execute(
      this.database.postgres.db,
    );
    return id;
  }

  /** Written, and not relayed yet. `paddingCharacters` makes it large. */
  async append(
    tenantId: TenantId,
    { type = 'image_request.queued', at = new Date(), paddingCharacters = 0 }: Partial<NewEventOfStack> = {},
  ): Promise<EventId> {
    const data = { padding: 'x'.repeat(paddingCharacters) };
    const event = { tenantId, accountId: null, type, subject: 'ireq_1', data };
    return (await this.database.postgres.transaction((tx) => this.outbox.append(tx, event, at))).id;
  }

  relayWith(hints = this.hints, subscribers: readonly EventSubscriber[] = []): EventRelay {
    return new EventRelay(this.database.postgres, this.store, hints, subscribers);
  }

  async relayAll(relay = this.relayWith()): Promise<void> {
    while ((await relay.relayOnce()) > 0);
  }

  /** Appends so many events and has them relayed; gives their ids in order. */
  async happen(tenantId: TenantId, count: number, event: Partial<NewEventOfStack> = {}): Promise<readonly EventId[]> {
    const ids: EventId[] = [];
    for (let index = 0; index < count; index += 1) ids.push(await this.append(tenantId, event));
    await this.relayAll();
    return ids;
  }
}

interface NewEventOfStack {
  readonly type: EventType;
  readonly at: Date;
  readonly paddingCharacters: number;
}
