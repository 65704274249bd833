import { sql } from 'kysely';
import type { EventId } from '#libs/ids';
import type { SystemTx } from '#libs/postgres';

/** Removes deliveries and their attempts, once the events that they tell of are to go. */
export class WebhookRetentionStore {
  /**
   * The events with a delivery that is pending, or that somebody is just changing. The other deliveries are locked until
   * `tx` ends, so none of them is made pending again meanwhile.
   */
  async lockEnded(tx: SystemTx, eventIds: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const { rows } = await sql<{ eventId: EventId }>`
      with ended as (
        select id from webhook_deliveries
        where event_id = any(${eventIds}::text[]) and status <> 'pending'
        for update skip locked
      )
      select distinct event_id as "eventId" from webhook_deliveries
      where event_id = any(${eventIds}::text[]) and id not in (select id from ended)
    `.execute(tx);
    return new Set(rows.map(({ eventId }) => eventId));
  }

  async removeAttempts(tx: SystemTx, eventIds: readonly EventId[]): Promise<void> {
    await sql`
      delete from webhook_attempts using webhook_deliveries
      where delivery_id = webhook_deliveries.id and event_id = any(${eventIds}::text[])
    `.execute(tx);
  }

  /** Their attempts have to be gone. */
  async removeDeliveries(tx: SystemTx, eventIds: readonly EventId[]): Promise<void> {
    await sql`delete from webhook_deliveries where event_id = any(${eventIds}::text[])`.execute(tx);
  }
}
