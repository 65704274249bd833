import { type Expression, sql, type SqlBool } from 'kysely';
import type { EventType } from '#libs/events';
import type { DeliveryId, EventId, TenantId, WebhookEndpointId } from '#libs/ids';
import type { Db, SystemDb, SystemTx, Tx } from '#libs/postgres';
import type { DeliveryAttempt, DeliveryFailure, DeliveryStatus, WebhookDelivery } from './webhook-delivery.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

type DeliveryTables = {
  webhook_deliveries: {
    id: DeliveryId;
    tenant_id: TenantId;
    endpoint_id: WebhookEndpointId;
    event_id: EventId;
    event_type: EventType;
    subject: string;
    event_position: number;
    status: DeliveryStatus;
    failure_reason: DeliveryFailure | null;
    attempts_made: number;
    next_attempt_at: Date | null;
    attempting_until: Date | null;
    created_at: Date;
  };
  webhook_attempts: {
    delivery_id: DeliveryId;
    number: number;
    at: Date;
    duration_ms: number;
    status_code: number | null;
    error: string | null;
    response_body: string | null;
  };
};

/** A delivery as it begins. `nextAttemptAt` is null while its event waits for a sequence number. */
export interface PlannedDelivery extends Pick<
  WebhookDelivery,
  'id' | 'tenantId' | 'endpointId' | 'eventId' | 'eventType' | 'subject' | 'nextAttemptAt' | 'createdAt'
> {
  readonly eventPosition: number;
}

/** The right to attempt a delivery, which nobody else has until `until`. */
export interface DeliveryLease {
  readonly delivery: WebhookDelivery;
  readonly until: Date;
}

/** What an attempt changes. Only `pending` keeps a time for the next one. */
export type Settlement =
  | { readonly status: 'pending'; readonly nextAttemptAt: Date }
  | { readonly status: 'delivered' }
  | { readonly status: 'failed'; readonly reason: DeliveryFailure };

/** Where a sweep over the due deliveries has come to. */
export interface DuePosition {
  readonly nextAttemptAt: Date;
  readonly id: DeliveryId;
}

export interface DeliveryPage {
  readonly status?: DeliveryStatus;
  /** Only deliveries made before this one. */
  readonly before?: DeliveryId;
  readonly limit: number;
}

/**
 * How many attempts may be in flight to one endpoint, over all workers. An endpoint that hangs holds each of them for the
 * whole timeout: without a limit it would take every slot of every worker, and all other endpoints would wait for it.
 */
const ATTEMPTS_IN_FLIGHT_MAX = 10;

/** Deliveries and their attempts. */
export class WebhookDeliveryStore {
  /**
   * Makes deliveries due, and gives back the ids of those that are. One that was made ahead of its event's sequence number
   * keeps its id; one that is due or ended already is left alone, so planning twice is planning once.
   */
  async plan(tx: Tx, deliveries: readonly PlannedDelivery[]): Promise<readonly DeliveryId[]> {
    const { rows } = await sql<{ id: DeliveryId }>`
      insert into webhook_deliveries as existing
        (id, tenant_id, endpoint_id, event_id, event_type, subject, event_position, status, next_attempt_at, created_at)
      select id, "tenantId", "endpointId", "eventId", "eventType", subject, "eventPosition", 'pending', "nextAttemptAt", "createdAt"
      from jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb) as planned (
        id text, "tenantId" text, "endpointId" text, "eventId" text, "eventType" text, subject text,
        "eventPosition" bigint, "nextAttemptAt" timestamptz, "createdAt" timestamptz
      )
      order by "eventPosition"
      on conflict (endpoint_id, event_id) do update set next_attempt_at = excluded.next_attempt_at
        where existing.status = 'pending' and existing.next_attempt_at is null
      returning id
    `.execute(tx);
    return rows.map(({ id }) => id);
  }

  /**
   * Makes the claims of one endpoint's deliveries follow one another until `tx` ends. Without it two claimers would count
   * the attempts in flight at the same time and both take the last place.
   */
  async lockEndpoint(tx: SystemTx, id: DeliveryId): Promise<void> {
    await sql`
      select from webhook_endpoints
      where id = (select endpoint_id from webhook_deliveries where id = ${id})
      for no key update
    `.execute(tx);
  }

  /**
   * Takes the lease if the delivery is due, nobody holds it, no earlier event of its subject is still on its way to the
   * endpoint, and the endpoint has a place left. One statement: of any number of claimers, one gets it. Places are counted
   * rightly only behind `lockEndpoint`.
   */
  async claim(db: SystemDb, id: DeliveryId, now: Date, until: Date): Promise<DeliveryLease | undefined> {
    const row = await db
      .$extendTables<DeliveryTables>()
      .updateTable('webhook_deliveries')
      .set({ attempting_until: until })
      .where('id', '=', id)
      .where('status', '=', 'pending')
      .where('next_attempt_at', '<=', now)
      .where(notLeased(now))
      .where(noEarlierPending())
      .where(hasPlace(now))
      .returningAll()
      .executeTakeFirst();
    return row && { delivery: deliveryOf(row), until };
  }

  /** False when the lease was lost to another worker in the meantime: then nothing is changed. */
  async settle(tx: SystemTx, lease: DeliveryLease, settlement: Settlement): Promise<boolean> {
    const result = await tx
      .$extendTables<DeliveryTables>()
      .updateTable('webhook_deliveries')
      .set({
        status: settlement.status,
        failure_reason: settlement.status === 'failed' ? settlement.reason : null,
        next_attempt_at: settlement.status === 'pending' ? settlement.nextAttemptAt : null,
        attempting_until: null,
      })
      .where('id', '=', lease.delivery.id)
      .where('status', '=', 'pending')
      .where('attempting_until', '=', lease.until)
      .executeTakeFirst();
    return result.numUpdatedRows === 1n;
  }

  /** Counts the attempt as well. Part of the transaction that settles it. */
  async addAttempt(tx: SystemTx, id: DeliveryId, attempt: DeliveryAttempt): Promise<void> {
    await sql`
      with counted as (
        update webhook_deliveries set attempts_made = attempts_made + 1 where id = ${id} returning attempts_made
      )
      insert into webhook_attempts (delivery_id, number, at, duration_ms, status_code, error, response_body)
      select ${id}, attempts_made, ${attempt.at}, ${attempt.durationMs}, ${attempt.statusCode}::integer,
        ${attempt.error}::text, ${attempt.responseBody}::text
      from counted
    `.execute(tx);
  }

  /** Ends what waits for its turn at the endpoint. A delivery that is being attempted ends by itself, by what comes of it. */
  async failWaiting(
    tx: Tx,
    { tenantId, id }: Pick<WebhookEndpoint, 'tenantId' | 'id'>,
    reason: DeliveryFailure,
    now: Date,
  ): Promise<void> {
    await tx
      .$extendTables<DeliveryTables>()
      .updateTable('webhook_deliveries')
      .set({ status: 'failed', failure_reason: reason, next_attempt_at: null, attempting_until: null })
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('status', '=', 'pending')
      .where(notLeased(now))
      .execute();
  }

  /** The delivery that may go next of those to the same endpoint about the same subject. */
  async findNextOfSubject(
    db: SystemDb,
    { endpointId, subject }: Pick<WebhookDelivery, 'endpointId' | 'subject'>,
  ): Promise<DeliveryId | undefined> {
    const row = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .select('id')
      .where('endpoint_id', '=', endpointId)
      .where('subject', '=', subject)
      .where('status', '=', 'pending')
      .orderBy('event_position')
      .limit(1)
      .executeTakeFirst();
    return row?.id;
  }

  /** What could be claimed of one endpoint, the longest due first: as many as it has places. */
  async listClaimableOf(db: SystemDb, endpointId: WebhookEndpointId, now: Date): Promise<readonly DeliveryId[]> {
    const rows = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .select('id')
      .where('endpoint_id', '=', endpointId)
      .where('status', '=', 'pending')
      .where('next_attempt_at', '<=', now)
      .where(notLeased(now))
      .where(noEarlierPending())
      .orderBy('next_attempt_at')
      .orderBy('id')
      .limit(
        sql<number>`(
          select greatest(0, ${ATTEMPTS_IN_FLIGHT_MAX}::bigint - count(*)) from webhook_deliveries
          where endpoint_id = ${endpointId} and attempting_until > ${now}
        )`,
      )
      .execute();
    return rows.map(({ id }) => id);
  }

  /** What could be claimed now, the longest due first, from behind `after`. */
  async listClaimable(
    db: SystemDb,
    now: Date,
    page: { readonly after: DuePosition | null; readonly limit: number },
  ): Promise<readonly DuePosition[]> {
    let query = db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .select(['id', 'next_attempt_at'])
      .where('status', '=', 'pending')
      .where('next_attempt_at', '<=', now)
      .where(notLeased(now))
      .where(noEarlierPending())
      .where(hasPlace(now))
      .orderBy('next_attempt_at')
      .orderBy('id')
      .limit(page.limit);
    if (page.after !== null) {
      const { nextAttemptAt, id } = page.after;
      query = query.where((eb) => eb(eb.refTuple('next_attempt_at', 'id'), '>', eb.tuple(nextAttemptAt, id)));
    }
    const rows = await query.execute();
    return rows.map((row) => ({ id: row.id, nextAttemptAt: row.next_attempt_at ?? now }));
  }

  async find(db: Db, tenantId: TenantId, id: DeliveryId): Promise<WebhookDelivery | undefined> {
    const row = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst();
    return row && deliveryOf(row);
  }

  /** The same of any tenant. */
  async findOfAny(db: SystemDb, id: DeliveryId): Promise<WebhookDelivery | undefined> {
    const row = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row && deliveryOf(row);
  }

  /** Newest first. */
  async list(
    db: Db,
    { tenantId, id }: Pick<WebhookEndpoint, 'tenantId' | 'id'>,
    page: DeliveryPage,
  ): Promise<readonly WebhookDelivery[]> {
    let query = db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .orderBy('id', 'desc')
      .limit(page.limit);
    if (page.status !== undefined) query = query.where('status', '=', page.status);
    if (page.before !== undefined) query = query.where('id', '<', page.before);
    return (await query.execute()).map(deliveryOf);
  }

  /** The attempts of each delivery that has any, the first one first. */
  async listAttempts(
    db: Db,
    tenantId: TenantId,
    ids: readonly DeliveryId[],
  ): Promise<ReadonlyMap<DeliveryId, readonly DeliveryAttempt[]>> {
    const rows = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_attempts')
      .innerJoin('webhook_deliveries', 'webhook_deliveries.id', 'webhook_attempts.delivery_id')
      .selectAll('webhook_attempts')
      .where('webhook_deliveries.tenant_id', '=', tenantId)
      .where('delivery_id', '=', sql<DeliveryId>`any(${ids})`)
      .orderBy('delivery_id')
      .orderBy('number')
      .execute();
    return new Map(
      [...Map.groupBy(rows, (row) => row.delivery_id)].map(([id, attempts]) => [id, attempts.map(attemptOf)]),
    );
  }
}

function notLeased(now: Date): Expression<SqlBool> {
  return sql<SqlBool>`(attempting_until is null or attempting_until <= ${now})`;
}

/** True of a delivery whose endpoint is not full. There are only ever as many leases as workers can hold. */
function hasPlace(now: Date): Expression<SqlBool> {
  return sql<SqlBool>`endpoint_id not in (
    select endpoint_id from webhook_deliveries where attempting_until > ${now}
    group by endpoint_id having count(*) >= ${ATTEMPTS_IN_FLIGHT_MAX}
  )`;
}

/** True of a delivery whose subject has none before it that is pending at the same endpoint. */
function noEarlierPending(): Expression<SqlBool> {
  return sql<SqlBool>`not exists (
    select from webhook_deliveries as earlier
    where earlier.endpoint_id = webhook_deliveries.endpoint_id and earlier.subject = webhook_deliveries.subject
      and earlier.status = 'pending' and earlier.event_position < webhook_deliveries.event_position
  )`;
}

function deliveryOf(row: DeliveryTables['webhook_deliveries']): WebhookDelivery {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    endpointId: row.endpoint_id,
    eventId: row.event_id,
    eventType: row.event_type,
    subject: row.subject,
    status: row.status,
    failureReason: row.failure_reason,
    attemptsMade: row.attempts_made,
    nextAttemptAt: row.next_attempt_at,
    createdAt: row.created_at,
  };
}

function attemptOf(row: DeliveryTables['webhook_attempts']): DeliveryAttempt {
  return {
    at: row.at,
    durationMs: row.duration_ms,
    statusCode: row.status_code,
    error: row.error,
    responseBody: row.response_body,
  };
}
