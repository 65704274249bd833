import { sql } from 'kysely';
import type { AccountId, EventId, TenantId } from '#libs/ids';
import { connectRedis, Hints } from '#libs/redis';
import { Secret } from '#libs/secret';
import { waitFor } from '#libs/testing';
import { EventLog } from '../../support/event-log.js';
import { finish } from '../../support/image-requests.js';
import {
  createAccount,
  type ServiceOptions,
  startWholeService,
  type TestTenant,
  type WholeService,
} from '../../support/whole-service.js';
import { EventWriter, type Models, type WrittenEvent } from './event-writer.js';
import { TYPES } from './plan.js';
import { type StartedReceivers, startReceivers } from './receivers/start-receivers.js';

export const ENDPOINTS = 20;
/** How many endpoints each event goes to. */
export const FAN_OUT = 5;
export const WORKERS = 2;

/** An endpoint of the tenant. */
export interface Subscription {
  readonly id: string;
  readonly secret: string;
  readonly receiver: number;
}

/** The product as it ships, with two workers, and twenty receivers. Which of them are subscribed, the cases decide. */
export interface Stage {
  readonly service: WholeService;
  readonly receivers: StartedReceivers;
  readonly writer: EventWriter;
  /** What the service wrote of a request of its own. */
  readonly models: Models;
  subscribe(receivers: readonly number[]): Promise<readonly Subscription[]>;
  unsubscribe(subscriptions: readonly Subscription[]): Promise<void>;
  /** No event gets its place, and so no delivery is planned, while `work` runs; all that were written come at once then. */
  holdingRelay<Result>(work: () => Promise<Result>): Promise<Result>;
  /** The sequence numbers of the tenant's events. */
  sequences(): Promise<ReadonlyMap<EventId, number>>;
  countPending(): Promise<number>;
  stop(): Promise<void>;
}

/** Which receivers' filters an account's events pass. */
function receiversOf(account: number): readonly number[] {
  return Array.from({ length: FAN_OUT }, (_, n) => (account + ENDPOINTS - n) % ENDPOINTS);
}

/** What goes to one receiver. */
export function eventsFor(receiver: number, events: readonly WrittenEvent[]): readonly WrittenEvent[] {
  return events.filter(({ account }) => receiversOf(account).includes(receiver));
}

export async function startStage(options: Pick<ServiceOptions, 'postgresUrl' | 'settings'> = {}): Promise<Stage> {
  const [service, receivers] = await Promise.all([
    startWholeService({ workers: WORKERS, ...options }),
    startReceivers(ENDPOINTS),
  ]);
  const tenant = await service.createTenant('bench');
  const models = await modelsOf(tenant);
  const accounts: AccountId[] = [];
  while (accounts.length < ENDPOINTS)
    accounts.push((await createAccount(tenant.api, service.simulator)).id as AccountId);
  const redis = connectRedis(new Secret(service.redisUrl), 'commands');
  const { postgres } = service.database;
  const tenantId = tenant.id as TenantId;
  return {
    service,
    receivers,
    models,
    writer: new EventWriter(postgres, new Hints(redis, redis), tenantId, accounts, models),
    subscribe: async (wanted) =>
      Promise.all(
        wanted.map(async (receiver) => {
          const accountIds = accounts.filter((_, account) => receiversOf(account).includes(receiver));
          const order = { url: receivers.urls[receiver], eventTypes: TYPES, accountIds };
          return {
            receiver,
            ...(await tenant.api.created<{ id: string; secret: string }>('/v1/webhook-endpoints', order)),
          };
        }),
      ),
    unsubscribe: async (subscriptions) => {
      await Promise.all(subscriptions.map(({ id }) => tenant.api.call('DELETE', `/v1/webhook-endpoints/${id}`)));
    },
    holdingRelay: async (work) => {
      const result = await postgres.transaction(async (tx) => {
        await sql`select pg_advisory_xact_lock(hashtext('event relay'))`.execute(tx);
        return work();
      });
      await new Hints(redis, redis).give('events-appended');
      return result;
    },
    sequences: async () => {
      const { rows } = await sql<{ id: EventId; sequence: number }>`
        select id, sequence from events where tenant_id = ${tenantId} and sequence is not null`.execute(postgres.db);
      return new Map(rows.map(({ id, sequence }) => [id, sequence]));
    },
    countPending: async () => {
      const { rows } = await sql<{ count: number }>`
        select count(*) from webhook_deliveries where status = 'pending'`.execute(postgres.db);
      return rows[0]?.count ?? 0;
    },
    stop: async () => {
      redis.disconnect();
      await service.stop();
      await receivers.stop();
    },
  };
}

/** The three events of a request that was really made. */
async function modelsOf(tenant: TestTenant): Promise<Models> {
  const { id } = await finish(tenant);
  const log = new EventLog(tenant.api);
  const own = await waitFor(
    async () => {
      const events = (await log.read()).filter(({ subject }) => subject === id);
      return events.length === TYPES.length ? events : undefined;
    },
    { timeoutMs: 10_000, what: `the events of ${id} are in the feed` },
  );
  return own.map(({ data }) => data.imageRequest);
}
