import { type Expression, sql, type SqlBool } from 'kysely';
import type { EventType } from '#libs/events';
import type { DeliveryId, EventId, TenantId, WebhookEndpointId } from '#libs/ids';
import type { Db, SystemTx, Tx } from '#libs/postgres';
import type { DeliveryAttempt, DeliveryFailure, DeliveryStatus, WebhookDelivery } from './webhook-delivery.js';
import type { EndpointKey } from './webhook-endpoint.js';

export type DeliveryTables = {
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
    attempts_before: number;
    next_attempt_at: Date | null;
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

/** A delivery as it begins: pending, or failed where its endpoint is disabled. */
export interface PlannedDelivery extends Pick<
  WebhookDelivery,
  'id' | 'tenantId' | 'endpointId' | 'eventId' | 'eventType' | 'subject' | 'createdAt'
> {
  readonly eventPosition: number;
  readonly failureReason: 'endpoint_disabled' | null;
  /** Null while its event waits for a sequence number, and for one that failed at once. */
  readonly nextAttemptAt: Date | null;
}

export interface DeliveryPage {
  readonly status?: DeliveryStatus;
  /** Only deliveries made before this one. */
  readonly before?: DeliveryId;
  readonly limit: number;
}

/** Deliveries and their attempts, as they are planned, seen and sent again. What workers do with them: `DueDeliveryStore`. */
export class WebhookDeliveryStore {
  /**
   * Makes deliveries. One that was made ahead of its event's sequence number becomes due and keeps its id; one that is due
   * or ended already is left alone, so planning twice is planning once.
   */
  async plan(tx: Tx, deliveries: readonly PlannedDelivery[]): Promise<void> {
    await sql`
      insert into webhook_deliveries as existing (
        id, tenant_id, endpoint_id, event_id, event_type, subject, event_position, status, failure_reason,
        next_attempt_at, created_at
      )
      select id, "tenantId", "endpointId", "eventId", "eventType", subject, "eventPosition",
        case when "failureReason" is null then 'pending' else 'failed' end, "failureReason", "nextAttemptAt", "createdAt"
      from jsonb_to_recordset(${JSON.stringify(deliveries)}::jsonb) as planned (
        id text, "tenantId" text, "endpointId" text, "eventId" text, "eventType" text, subject text,
        "eventPosition" bigint, "failureReason" text, "nextAttemptAt" timestamptz, "createdAt" timestamptz
      )
      order by "eventPosition"
      on conflict (endpoint_id, event_id) do update set next_attempt_at = excluded.next_attempt_at
        where existing.status = 'pending' and existing.next_attempt_at is null
    `.execute(tx);
  }

  /**
   * Brings back what an endpoint missed, while it was disabled, of the subjects that it is now to hear of: a receiver gets
   * the events of one subject in their order, and the ones before the newest as well. Waits for nobody, for the relay of all
   * tenants stands behind it: what is locked is just being sent again, or ended, by somebody else.
   */
  async sendMissedFirst(tx: SystemTx, planned: readonly PlannedDelivery[], now: Date): Promise<void> {
    const next = planned.map(({ endpointId, subject, eventPosition }) => ({ endpointId, subject, eventPosition }));
    await sql`
      update webhook_deliveries set
        status = 'pending', failure_reason = null, next_attempt_at = ${now}, attempts_before = attempts_made
      where id in (
        select id from webhook_deliveries
        join jsonb_to_recordset(${JSON.stringify(next)}::jsonb)
          as next ("endpointId" text, subject text, "eventPosition" bigint)
          on endpoint_id = next."endpointId" and webhook_deliveries.subject = next.subject
            and event_position < next."eventPosition"
        where status = 'failed' and failure_reason = 'endpoint_disabled'
        order by id for no key update of webhook_deliveries skip locked
      )
    `.execute(tx);
  }

  /**
   * Makes deliveries pending and due at that time, whatever they have come to, and gives how many: they begin their schedule
   * anew. No time is for one whose event has no sequence number yet: it becomes due with that.
   */
  async sendAgain(tx: Tx, tenantId: TenantId, ids: readonly DeliveryId[], dueAt: Date | null): Promise<number> {
    const { numAffectedRows } = await sql`
      update webhook_deliveries set
        attempts_before = attempts_made, next_attempt_at = ${dueAt}::timestamptz, status = 'pending', failure_reason = null
      where tenant_id = ${tenantId} and id = any(${ids}::text[])
    `.execute(tx);
    return Number(numAffectedRows ?? 0);
  }

  /** Ends everything that is not delivered yet. An attempt that is under way still counts if it succeeds. */
  async failPending(tx: Tx, { tenantId, id }: EndpointKey, reason: DeliveryFailure): Promise<void> {
    await tx
      .$extendTables<DeliveryTables>()
      .updateTable('webhook_deliveries')
      .set({ status: 'failed', failure_reason: reason, next_attempt_at: null })
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('status', '=', 'pending')
      .execute();
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

  /** The endpoint's deliveries of these events, by event. */
  async findOfEvents(
    db: Db,
    { tenantId, id }: EndpointKey,
    eventIds: readonly EventId[],
  ): Promise<ReadonlyMap<EventId, WebhookDelivery>> {
    const rows = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('event_id', '=', sql<EventId>`any(${eventIds})`)
      .execute();
    return new Map(rows.map((row) => [row.event_id, deliveryOf(row)]));
  }

  /** Newest first. */
  async list(db: Db, { tenantId, id }: EndpointKey, page: DeliveryPage): Promise<readonly WebhookDelivery[]> {
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

/**
 * True of a pending delivery whose subject has none before it that is pending at the same endpoint. Asks an index for one
 * row, and that for each delivery which is looked at: as an anti-join, PostgreSQL would read all that is pending there.
 */
export function noEarlierPending(): Expression<SqlBool> {
  return sql<SqlBool>`webhook_deliveries.event_position = (
    select min(first.event_position) from webhook_deliveries as first
    where first.endpoint_id = webhook_deliveries.endpoint_id and first.subject = webhook_deliveries.subject
      and first.status = 'pending'
  )`;
}

export function deliveryOf(row: DeliveryTables['webhook_deliveries']): WebhookDelivery {
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
    attemptsBefore: row.attempts_before,
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
