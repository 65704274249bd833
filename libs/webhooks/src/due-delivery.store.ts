import { sql } from 'kysely';
import type { DeliveryId, WebhookEndpointId } from '#libs/ids';
import type { SystemDb, SystemTx } from '#libs/postgres';
import type { Verdict } from './delivery-verdict.js';
import type { DeliveryAttempt, WebhookDelivery } from './webhook-delivery.js';
import { deliveryOf, type DeliveryTables, noEarlierPending } from './webhook-delivery.store.js';

/** An attempt, and what it means for its delivery. */
export interface JudgedAttempt {
  readonly deliveryId: DeliveryId;
  /** As it was when the attempt began: one that was sent again since has begun anew, and only success ends it. */
  readonly attemptsBefore: number;
  readonly attempt: DeliveryAttempt;
  readonly verdict: Verdict;
}

const COUNTS = sql`(
  settled.status = 'delivered' or delivery.status = 'pending' and delivery.attempts_before = settled."attemptsBefore"
)`;

/** What is due at an endpoint, and what came of it: for whoever holds the endpoint's lease. */
export class DueDeliveryStore {
  /**
   * What may be attempted now, the longest due first: of each subject the earliest that is pending, and none of `except`,
   * which are under way.
   */
  async list(
    db: SystemDb,
    endpointId: WebhookEndpointId,
    now: Date,
    { except, limit }: { readonly except: readonly DeliveryId[]; readonly limit: number },
  ): Promise<readonly WebhookDelivery[]> {
    const rows = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .where('status', '=', 'pending')
      .where('next_attempt_at', '<=', now)
      .where('id', '<>', sql<DeliveryId>`all(${except}::text[])`)
      .where(noEarlierPending())
      .orderBy('next_attempt_at')
      .orderBy('event_position')
      .limit(limit)
      .execute();
    return rows.map(deliveryOf);
  }

  /** When the next attempt at this endpoint may be made; undefined when nothing is pending. */
  async findNextTime(db: SystemDb, endpointId: WebhookEndpointId): Promise<Date | undefined> {
    const row = await db
      .$extendTables<DeliveryTables>()
      .selectFrom('webhook_deliveries')
      .select('next_attempt_at')
      .where('endpoint_id', '=', endpointId)
      .where('status', '=', 'pending')
      .where('next_attempt_at', 'is not', null)
      .where(noEarlierPending())
      .orderBy('next_attempt_at')
      .limit(1)
      .executeTakeFirst();
    return row?.next_attempt_at ?? undefined;
  }

  /**
   * Writes each attempt down, and what it means. A delivery that was ended meanwhile, since its endpoint was disabled or
   * deleted, stays so unless it has arrived after all; so does one that was sent again. The ids stand there twice: of those in JSON PostgreSQL takes there
   * to be a hundred, for which it reads a table of some ten thousand rows from end to end rather than their index.
   */
  async settle(tx: SystemTx, attempts: readonly JudgedAttempt[]): Promise<void> {
    const settled = attempts.map(({ deliveryId, attemptsBefore, attempt, verdict }) => ({
      ...attempt,
      id: deliveryId,
      attemptsBefore,
      status: verdict.kind === 'retry' ? 'pending' : verdict.kind,
      reason: verdict.kind === 'failed' ? verdict.reason : null,
      nextAttemptAt: verdict.kind === 'retry' ? verdict.at : null,
    }));
    await sql`
      with settled as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(settled)}::jsonb) as settled (
          id text, "attemptsBefore" integer, status text, reason text, "nextAttemptAt" timestamptz, at timestamptz, "durationMs" integer,
          "statusCode" integer, error text, "responseBody" text
        )
      ), counted as (
        update webhook_deliveries as delivery set
          attempts_made = attempts_made + 1,
          status = case when ${COUNTS} then settled.status else delivery.status end,
          failure_reason = case when ${COUNTS} then settled.reason else delivery.failure_reason end,
          next_attempt_at = case when ${COUNTS} then settled."nextAttemptAt" else delivery.next_attempt_at end
        from settled
        where delivery.id = settled.id and delivery.id = any(${attempts.map(({ deliveryId }) => deliveryId)}::text[])
        returning delivery.id, delivery.attempts_made
      )
      insert into webhook_attempts (delivery_id, number, at, duration_ms, status_code, error, response_body)
      select id, attempts_made, at, "durationMs", "statusCode", error, "responseBody" from counted join settled using (id)
    `.execute(tx);
  }
}
