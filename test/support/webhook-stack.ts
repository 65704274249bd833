import { sql } from 'kysely';
import { AccountStore } from '#libs/accounts';
import { type Actor, AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { EventFeed, EventRelay, EventStore, type EventType, Outbox } from '#libs/events';
import { newId } from '#libs/ids';
import type { AccountId, DeliveryId, EventId, TenantId, WebhookEndpointId } from '#libs/ids';
import { type Log, SilentLog } from '#libs/logging';
import { Queues } from '#libs/queues';
import { connectRedis, Hints } from '#libs/redis';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import { type Answer, createMigratedDatabase, type Receiver, startReceiver, testRedisUrl } from '#libs/testing';
import {
  assembleDeliverySide,
  assembleTenantSide,
  type DispatcherLimits,
  type DispatchOutcome,
  type NewWebhookEndpoint,
} from '#libs/webhooks';
import { type EventOwner, validEvent } from './valid-events.js';

type DeliverySide = ReturnType<typeof assembleDeliverySide>;

const ACTOR: Actor = { type: 'api_key', id: newId('key'), name: 'spec', ip: null, userAgent: null };

export interface StackOptions {
  /** Redis' own database number: files that run side by side take different ones, and each flushes its own. */
  readonly redisDatabase: number;
  readonly retryScheduleMs?: readonly number[];
  readonly log?: Log;
  readonly timeoutMs?: number;
  readonly clock?: ManualClock;
}

/** Everything between a change of state and a receiver, on real servers, with a clock that is moved by hand. */
export class WebhookStack {
  readonly audit = new AuditStore();
  readonly queues: Queues;
  readonly tenantSide: ReturnType<typeof assembleTenantSide>;
  /** The first worker. */
  readonly deliverySide: DeliverySide;
  readonly feed: EventFeed;
  private readonly outbox: Outbox;
  private readonly relay: EventRelay;
  private readonly receivers: Receiver[] = [];
  private readonly accounts = new Map<TenantId, AccountId>();
  private readonly workers: DeliverySide[] = [];

  private constructor(
    readonly database: Awaited<ReturnType<typeof createMigratedDatabase>>,
    readonly redis: ReturnType<typeof connectRedis>,
    private readonly subscriber: ReturnType<typeof connectRedis>,
    readonly retryScheduleMs: readonly number[],
    private readonly webhookTimeoutMs: number,
    readonly clock: ManualClock,
    private readonly log: Log,
  ) {
    const { postgres } = database;
    const hints = new Hints(redis, subscriber);
    const store = new EventStore();
    this.queues = new Queues(redis);
    this.outbox = new Outbox(postgres, store, hints);
    this.feed = new EventFeed(postgres, store);
    this.tenantSide = assembleTenantSide({ ...this.ground(), accounts: new AccountStore() });
    this.deliverySide = this.newWorker();
    this.relay = new EventRelay(postgres, store, hints, [this.deliverySide.planner]);
  }

  /** One more process that delivers, which knows of the others only what they know of one another. */
  newWorker(limits: DispatcherLimits = { dispatchesMax: 100 }): DeliverySide {
    const hints = new Hints(this.redis, this.subscriber);
    const worker = assembleDeliverySide({ ...this.ground(), hints, log: this.log, limits });
    this.workers.push(worker);
    return worker;
  }

  private ground() {
    return {
      postgres: this.database.postgres,
      sealer: new Sealer(new KeyRing([{ id: 'k', material: new Secret(Buffer.alloc(32, 1).toString('base64')) }])),
      outbox: this.outbox,
      events: this.feed,
      queues: this.queues,
      audit: this.audit,
      clock: this.clock,
      settings: {
        webhookAllowedCidrs: ['127.0.0.1/32'],
        webhookAllowedPorts: [],
        webhookAllowHttp: true,
        webhookRetryScheduleMs: this.retryScheduleMs,
        webhookTimeoutMs: this.webhookTimeoutMs,
      },
    };
  }

  static async start(options: StackOptions): Promise<WebhookStack> {
    const { redisDatabase, retryScheduleMs = [5000, 300_000], timeoutMs = 1000 } = options;
    const clock = options.clock ?? new ManualClock(new Date());
    const log = options.log ?? new SilentLog();
    const url = new URL(testRedisUrl());
    url.pathname = `/${redisDatabase}`;
    const redis = connectRedis(new Secret(url.href), 'commands');
    const subscriber = connectRedis(new Secret(url.href), 'blocking');
    return new WebhookStack(await createMigratedDatabase(), redis, subscriber, retryScheduleMs, timeoutMs, clock, log);
  }

  /** Forgets every delivery and job, and closes the receivers. */
  async reset(): Promise<void> {
    await Promise.all(this.receivers.splice(0).map((receiver) => receiver.close()));
    await sql`truncate webhook_deliveries, webhook_attempts`.execute(this.database.postgres.db);
    await this.redis.flushdb();
  }

  async stop(): Promise<void> {
    await this.reset();
    for (const { dispatcher } of this.workers) dispatcher.stop();
    await Promise.all(this.workers.map(({ sender }) => sender.close()));
    await this.queues.close();
    await this.database.drop();
    this.redis.disconnect();
    this.subscriber.disconnect();
  }

  async newCaller(): Promise<Caller> {
    const tenantId = newId('ten');
    const at = this.clock.now();
    await sql`
      insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${at}, ${at})
    `.execute(this.database.postgres.db);
    return { tenantId, actor: ACTOR, requestId: 'req-1' };
  }

  async newAccount(tenantId: TenantId): Promise<AccountId> {
    const id = newId('acc');
    const at = this.clock.now();
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${id}, ${tenantId}, 'spec', 'intl', '1', '1', 'arn', ${at}, ${at})
    `.execute(this.database.postgres.db);
    return id;
  }

  async receiver(answer?: Answer): Promise<Receiver> {
    const receiver = await startReceiver(answer);
    this.receivers.push(receiver);
    return receiver;
  }

  async endpointAt(caller: Caller, url: string, order: Partial<NewWebhookEndpoint> = {}) {
    return this.tenantSide.endpoints.create(caller, { url, ...order });
  }

  /** Writes an event and has it relayed. */
  async happen(
    caller: Caller,
    subject: string,
    { type = 'image_request.queued', accountId }: { type?: EventType; accountId?: AccountId } = {},
  ): Promise<EventId> {
    const event = validEvent(type, await this.ownerOf(caller, accountId), subject);
    const { id } = await this.database.postgres.transaction((tx) => this.outbox.append(tx, event, this.clock.now()));
    await this.relayAll();
    return id;
  }

  /** Writes many events at once, each about a subject of its own. */
  async happenMany(caller: Caller, count: number): Promise<void> {
    const owner = await this.ownerOf(caller);
    const at = this.clock.now();
    await this.database.postgres.transaction(async (tx) => {
      for (let index = 0; index < count; index += 1) {
        await this.outbox.append(tx, validEvent('image_request.queued', owner, `ireq_${index}`), at);
      }
    });
    await this.relayAll();
  }

  /** The account that events are of which name none: one for each tenant. */
  private async ownerOf({ tenantId }: Caller, named?: AccountId): Promise<EventOwner> {
    const accountId = named ?? this.accounts.get(tenantId) ?? (await this.newAccount(tenantId));
    if (named === undefined) this.accounts.set(tenantId, accountId);
    return { tenantId, accountId };
  }

  async relayAll(): Promise<void> {
    while ((await this.relay.relayOnce()) > 0);
  }

  /** The tenant's deliveries, oldest event first. */
  async deliveryIds({ tenantId }: Caller): Promise<readonly DeliveryId[]> {
    const { rows } = await sql<{ id: DeliveryId }>`
      select id from webhook_deliveries where tenant_id = ${tenantId} order by event_position, id
    `.execute(this.database.postgres.db);
    return rows.map(({ id }) => id);
  }

  /** The tenant's newest delivery. */
  async lastDelivery(caller: Caller): Promise<DeliveryId> {
    const id = (await this.deliveryIds(caller)).at(-1);
    if (id === undefined) throw new Error('there is no delivery');
    return id;
  }

  /** The endpoints that a worker is called to, now or later. */
  async calledEndpoints(): Promise<readonly string[]> {
    const queue = this.queues.all().find(({ name }) => name === 'deliver-webhooks');
    const jobs = (await queue?.getJobs(['waiting', 'delayed'])) ?? [];
    return jobs.map(({ data }) => (data as { readonly endpointId: string }).endpointId);
  }

  /** Sends what is due to the endpoint until no more is. */
  dispatch({ endpoint }: { readonly endpoint: { readonly id: WebhookEndpointId } }): Promise<DispatchOutcome> {
    return this.deliverySide.dispatcher.dispatch(endpoint.id);
  }

  /** Moves the clock past the longest jitter of a step of the schedule. */
  passStep(index: number): void {
    this.clock.advance((this.retryScheduleMs[index] ?? 0) * 1.2);
  }
}
