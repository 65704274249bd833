import { sql } from 'kysely';
import { EventFeed, EventRelay, EventStore, type EventSubscriber, type EventType, Outbox } from '#libs/events';
import { type AccountId, type EventId, newId, type TenantId } from '#libs/ids';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase, testRedisUrl } from '#libs/testing';
import { validEvent } from './valid-events.js';

/** Writes events and has them relayed, over real servers. */
export class EventStack {
  readonly store = new EventStore();
  readonly feed: EventFeed;
  private readonly redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  private readonly subscriber = connectRedis(new Secret(testRedisUrl()), 'blocking');
  readonly hints = new Hints(this.redis, this.subscriber);
  private readonly outbox: Outbox;
  private readonly accounts = new Map<TenantId, AccountId>();

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

  /** With an account, which most events belong to. */
  async newTenant(): Promise<TenantId> {
    const [id, accountId] = [newId('ten'), newId('acc')];
    const { db } = this.database.postgres;
    await sql`insert into tenants (id, name, created_at, updated_at) values (${id}, 'spec', now(), now())`.execute(db);
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${accountId}, ${id}, 'spec', 'intl', '1', '1', 'arn', now(), now())
    `.execute(db);
    this.accounts.set(id, accountId);
    return id;
  }

  /** Written, and not relayed yet. `paddingCharacters` make one of an image request large. */
  async append(
    tenantId: TenantId,
    { type = 'image_request.queued', at = new Date(), paddingCharacters = 0 }: Partial<NewEventOfStack> = {},
  ): Promise<EventId> {
    const accountId = this.accounts.get(tenantId);
    if (accountId === undefined) throw new Error('a tenant of another stack');
    const changes = paddingCharacters === 0 ? {} : { metadata: { padding: 'x'.repeat(paddingCharacters) } };
    const event = validEvent(type, { tenantId, accountId }, 'ireq_1', changes);
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
