import { sql } from 'kysely';
import type { TenantId, WebhookEndpointId } from '#libs/ids';
import type { SystemDb, SystemTx, Tx } from '#libs/postgres';
import type { EndpointHealth } from './endpoint-health.js';
import type { EndpointKey } from './webhook-endpoint.js';
import { noEarlierPending } from './webhook-delivery.store.js';

type DispatchTables = {
  webhook_dispatches: {
    endpoint_id: WebhookEndpointId;
    tenant_id: TenantId;
    dispatcher: string | null;
    leased_until: Date | null;
    wakes: number;
    failures_in_row: number;
    failing_since: Date | null;
    failed_at: Date | null;
    open_until: Date | null;
  };
};

/** What the holder of an endpoint's lease sees of it. */
export interface DispatchState {
  readonly tenantId: TenantId;
  /** Counts every call to the endpoint, whoever came to hold the lease by it. */
  readonly wakes: number;
  readonly health: EndpointHealth;
}

export interface LeaseRenewal {
  readonly endpointIds: readonly WebhookEndpointId[];
  readonly dispatcher: string;
  readonly leaseMs: number;
}

/**
 * Who sends to each endpoint, and how it has answered. Leases run by the database's clock alone, so workers whose clocks
 * differ agree on who holds one. A row is locked after its endpoint's and ahead of its deliveries', by everyone.
 */
export class WebhookDispatchStore {
  async insert(tx: Tx, { id, tenantId }: EndpointKey): Promise<void> {
    await tx
      .$extendTables<DispatchTables>()
      .insertInto('webhook_dispatches')
      .values({
        endpoint_id: id,
        tenant_id: tenantId,
        dispatcher: null,
        leased_until: null,
        wakes: 0,
        failures_in_row: 0,
        failing_since: null,
        failed_at: null,
        open_until: null,
      })
      .execute();
  }

  /**
   * Takes the lease if nobody else holds it: of any number of takers, one gets it. Each is counted, so that a holder looks
   * for work once more before it lets go.
   */
  async take(db: SystemDb, endpointId: WebhookEndpointId, dispatcher: string, leaseMs: number): Promise<boolean> {
    const { rows } = await sql<{ taken: boolean }>`
      update webhook_dispatches set
        wakes = wakes + 1,
        dispatcher = case when is_free then ${dispatcher} else webhook_dispatches.dispatcher end,
        leased_until = case
          when is_free then clock_timestamp() + ${leaseMs} * interval '1 millisecond'
          else webhook_dispatches.leased_until
        end
      from (
        select endpoint_id as id, dispatcher is null or dispatcher = ${dispatcher} or leased_until <= clock_timestamp() as is_free
        from webhook_dispatches where endpoint_id = ${endpointId} for no key update
      ) as before
      where endpoint_id = before.id
      returning is_free as taken
    `.execute(db);
    return rows[0]?.taken === true;
  }

  /**
   * Says of these endpoints which somebody sends to (`held`), and to which nothing is sent before `openUntil` (`open`). Each
   * holder is counted a call once `tx` commits, so he looks once more before he lets go. Endpoints that are locked just
   * now are in neither: nobody is waited for.
   */
  async wakeHolders(
    tx: SystemTx,
    endpointIds: readonly WebhookEndpointId[],
    openUntil: Date,
  ): Promise<{ readonly held: readonly WebhookEndpointId[]; readonly open: readonly WebhookEndpointId[] }> {
    const { rows } = await sql<{ id: WebhookEndpointId; isHeld: boolean }>`
      with served as (
        select endpoint_id as id, dispatcher is not null and leased_until > clock_timestamp() as is_held
        from webhook_dispatches
        where endpoint_id = any(${endpointIds}::text[])
          and (open_until > ${openUntil} or (dispatcher is not null and leased_until > clock_timestamp()))
        for no key update skip locked
      ), woken as (
        update webhook_dispatches set wakes = wakes + 1 from served where endpoint_id = id and is_held
      )
      select id, is_held as "isHeld" from served
    `.execute(tx);
    const idsWhere = (isHeld: boolean): readonly WebhookEndpointId[] =>
      rows.filter((row) => row.isHeld === isHeld).map(({ id }) => id);
    return { held: idsWhere(true), open: idsWhere(false) };
  }

  /**
   * Prolongs the leases of this holder on these endpoints, and gives those that are prolonged. Not those that somebody has
   * taken over, and none that is locked just now: whoever waits for one would keep all the others locked meanwhile.
   */
  async renewFree(db: SystemDb, renewal: LeaseRenewal): Promise<ReadonlySet<WebhookEndpointId>> {
    const { rows } = await sql<{ endpoint_id: WebhookEndpointId }>`
      update webhook_dispatches set leased_until = clock_timestamp() + ${renewal.leaseMs} * interval '1 millisecond'
      where endpoint_id in (
        select endpoint_id from webhook_dispatches
        where endpoint_id = any(${renewal.endpointIds}::text[]) and dispatcher = ${renewal.dispatcher}
        for no key update skip locked
      )
      returning endpoint_id
    `.execute(db);
    return new Set(rows.map((row) => row.endpoint_id));
  }

  /** Prolongs the lease of this holder once whoever has locked it is done, unless somebody has taken it over. */
  async renew(db: SystemDb, endpointId: WebhookEndpointId, dispatcher: string, leaseMs: number): Promise<void> {
    await sql`
      update webhook_dispatches set leased_until = clock_timestamp() + ${leaseMs} * interval '1 millisecond'
      where endpoint_id = ${endpointId} and dispatcher = ${dispatcher}
    `.execute(db);
  }

  /** Undefined once the lease is somebody else's. */
  async look(db: SystemDb, endpointId: WebhookEndpointId, dispatcher: string): Promise<DispatchState | undefined> {
    const row = await held(db, endpointId, dispatcher).executeTakeFirst();
    return row && stateOf(row);
  }

  /** The same, and keeps others from taking the lease over until `tx` ends: what is written with it is the holder's word. */
  async lockHeld(tx: SystemTx, endpointId: WebhookEndpointId, dispatcher: string): Promise<DispatchState | undefined> {
    const row = await held(tx, endpointId, dispatcher).forNoKeyUpdate().executeTakeFirst();
    return row && stateOf(row);
  }

  /** Gives the lease back, unless somebody has come with work since `seenWakes`: then gives false, and it is kept. */
  async release(db: SystemDb, endpointId: WebhookEndpointId, dispatcher: string, seenWakes: number): Promise<boolean> {
    const { numUpdatedRows } = await db
      .$extendTables<DispatchTables>()
      .updateTable('webhook_dispatches')
      .set({ dispatcher: null, leased_until: null })
      .where('endpoint_id', '=', endpointId)
      .where('dispatcher', '=', dispatcher)
      .where('wakes', '=', seenWakes)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Gives the lease back whatever waits. Does nothing to one that somebody else has. */
  async letGo(db: SystemDb, endpointId: WebhookEndpointId, dispatcher: string): Promise<void> {
    await db
      .$extendTables<DispatchTables>()
      .updateTable('webhook_dispatches')
      .set({ dispatcher: null, leased_until: null })
      .where('endpoint_id', '=', endpointId)
      .where('dispatcher', '=', dispatcher)
      .execute();
  }

  async saveHealth(tx: Tx, { id, tenantId }: EndpointKey, health: EndpointHealth): Promise<void> {
    await tx
      .$extendTables<DispatchTables>()
      .updateTable('webhook_dispatches')
      .set({
        failures_in_row: health.failuresInRow,
        failing_since: health.failingSince,
        failed_at: health.failedAt,
        open_until: health.openUntil,
      })
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }

  /** Keeps the endpoint's deliveries as they are until `tx` ends, but for new ones. */
  async lock(tx: Tx, { id, tenantId }: EndpointKey): Promise<void> {
    await tx
      .$extendTables<DispatchTables>()
      .selectFrom('webhook_dispatches')
      .select('endpoint_id')
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .forNoKeyUpdate()
      .execute();
  }

  /** Endpoints that have something due which nobody is about to send, the longest waiting first. */
  async listForgotten(db: SystemDb, now: Date, limit: number): Promise<readonly WebhookEndpointId[]> {
    const { rows } = await sql<{ endpoint_id: WebhookEndpointId }>`
      select endpoint_id from webhook_dispatches
      cross join lateral (
        select next_attempt_at from webhook_deliveries
        where webhook_deliveries.endpoint_id = webhook_dispatches.endpoint_id
          and status = 'pending' and next_attempt_at <= ${now} and ${noEarlierPending()}
        order by next_attempt_at limit 1
      ) as due
      where (dispatcher is null or leased_until <= clock_timestamp()) and (open_until is null or open_until <= ${now})
      order by due.next_attempt_at
      limit ${limit}
    `.execute(db);
    return rows.map((row) => row.endpoint_id);
  }
}

function held(db: SystemDb | SystemTx, endpointId: WebhookEndpointId, dispatcher: string) {
  return db
    .$extendTables<DispatchTables>()
    .selectFrom('webhook_dispatches')
    .selectAll()
    .where('endpoint_id', '=', endpointId)
    .where('dispatcher', '=', dispatcher);
}

function stateOf(row: DispatchTables['webhook_dispatches']): DispatchState {
  return {
    tenantId: row.tenant_id,
    wakes: row.wakes,
    health: {
      failuresInRow: row.failures_in_row,
      failingSince: row.failing_since,
      failedAt: row.failed_at,
      openUntil: row.open_until,
    },
  };
}
