import type { Generated } from 'kysely';
import { newId } from '#libs/ids';
import type { AccountId, EventId, TenantId } from '#libs/ids';
import type { Tx } from '#libs/postgres';
import type { EventType, NewEvent } from './event.js';

type EventTables = {
  events: {
    id: EventId;
    position: Generated<number>;
    tenant_id: TenantId;
    account_id: AccountId | null;
    type: EventType;
    subject: string;
    data: string;
    created_at: Date;
    sequence: number | null;
  };
  event_sequences: { tenant_id: TenantId; last_sequence: number };
};

/** The outbox table. */
export class EventStore {
  async insert(tx: Tx, event: NewEvent, at: Date): Promise<EventId> {
    const id = newId('evt');
    await tx
      .withTables<EventTables>()
      .insertInto('events')
      .values({
        id,
        tenant_id: event.tenantId,
        account_id: event.accountId,
        type: event.type,
        subject: event.subject,
        data: JSON.stringify(event.data),
        created_at: at,
        sequence: null,
      })
      .execute();
    return id;
  }
}
