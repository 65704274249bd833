import { type Generated, sql } from 'kysely';
import { newId } from '#libs/ids';
import type { AccountId, EventId, TenantId } from '#libs/ids';
import type { Db, SystemDb, SystemTx, Tx } from '#libs/postgres';
import type { EventType, NewEvent, Place, SequencedEvent, StoredEvent } from './event.js';

type EventTables = {
  events: {
    id: EventId;
    position: Generated<number>;
    tenant_id: TenantId;
    account_id: AccountId | null;
    type: EventType;
    subject: string;
    data: unknown;
    created_at: Date;
    sequence: number | null;
  };
  event_sequences: { tenant_id: TenantId; last_sequence: number };
};

type EventRow = Omit<EventTables['events'], 'position'> & { position: number };

/** Where in a tenant's sequence to read on, and what to leave out. */
export interface FeedPage {
  readonly afterSequence: number;
  /** Nothing behind this one; to the end where it is left out. */
  readonly upToSequence?: number;
  readonly types?: readonly EventType[];
  /** Only events from this time on. */
  readonly from?: Date;
  readonly limit: number;
}

/** The outbox table, and the last number given out to each tenant. */
export class EventStore {
  async insert(tx: Tx, event: NewEvent, at: Date): Promise<{ readonly id: EventId; readonly position: number }> {
    return tx
      .$extendTables<EventTables>()
      .insertInto('events')
      .values({
        id: newId('evt'),
        tenant_id: event.tenantId,
        account_id: event.accountId,
        type: event.type,
        subject: event.subject,
        data: JSON.stringify(event.data),
        created_at: at,
        sequence: null,
      })
      .returning(['id', 'position'])
      .executeTakeFirstOrThrow();
  }

  /** True for one transaction at a time, until it ends; the others need not wait, for the one does their work too. */
  async tryLockRelay(tx: SystemTx): Promise<boolean> {
    const { rows } = await sql<{
      locked: boolean;
    }>`select pg_try_advisory_xact_lock(hashtext('event relay')) as locked`.execute(tx);
    return rows[0]?.locked === true;
  }

  /** The oldest of those that have no sequence number yet, in the order of their position. */
  async listUnsequenced(tx: SystemTx, limit: number): Promise<readonly StoredEvent[]> {
    const rows = await tx
      .$extendTables<EventTables>()
      .selectFrom('events')
      .selectAll()
      .where('sequence', 'is', null)
      .orderBy('position')
      .limit(limit)
      .execute();
    return rows.map(storedEvent);
  }

  /** Takes `count` numbers of each tenant and gives back the last one taken of each. */
  async takeSequences(tx: SystemTx, counts: ReadonlyMap<TenantId, number>): Promise<ReadonlyMap<TenantId, number>> {
    const rows = await tx
      .$extendTables<EventTables>()
      .insertInto('event_sequences')
      .values([...counts].map(([tenantId, count]) => ({ tenant_id: tenantId, last_sequence: count })))
      .onConflict((conflict) =>
        conflict.column('tenant_id').doUpdateSet((eb) => ({
          last_sequence: eb('event_sequences.last_sequence', '+', eb.ref('excluded.last_sequence')),
        })),
      )
      .returningAll()
      .execute();
    return new Map(rows.map((row) => [row.tenant_id, row.last_sequence]));
  }

  async setSequences(tx: SystemTx, events: readonly SequencedEvent[]): Promise<void> {
    const ids = events.map(({ id }) => id);
    const sequences = events.map(({ sequence }) => sequence);
    await sql`
      update events set sequence = given.sequence
      from unnest(${ids}::text[], ${sequences}::bigint[]) as given (id, sequence)
      where events.id = given.id and events.sequence is null
    `.execute(tx);
  }

  /** Undefined also for an event that has no place in the sequence yet. */
  async findSequenced(db: Db, tenantId: TenantId, id: EventId): Promise<SequencedEvent | undefined> {
    const row = await db
      .$extendTables<EventTables>()
      .selectFrom('events')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .where('sequence', 'is not', null)
      .executeTakeFirst();
    return row && sequencedEvent(row);
  }

  /** Those that have a place in the sequence. */
  async findManySequenced(db: Db, tenantId: TenantId, ids: readonly EventId[]): Promise<readonly SequencedEvent[]> {
    const rows = await db
      .$extendTables<EventTables>()
      .selectFrom('events')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', sql<EventId>`any(${ids})`)
      .where('sequence', 'is not', null)
      .execute();
    return rows.map(sequencedEvent);
  }

  /** Oldest first, by sequence. */
  async listSequenced(db: Db, tenantId: TenantId, page: FeedPage): Promise<readonly SequencedEvent[]> {
    let query = db
      .$extendTables<EventTables>()
      .selectFrom('events')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('sequence', '>', page.afterSequence)
      .orderBy('sequence')
      .limit(page.limit);
    if (page.upToSequence !== undefined) query = query.where('sequence', '<=', page.upToSequence);
    if (page.types !== undefined) query = query.where('type', 'in', page.types);
    if (page.from !== undefined) query = query.where('created_at', '>=', page.from);
    return (await query.execute()).map(sequencedEvent);
  }

  /** Behind the tenant's newest event. It is always kept, so this is as far as the sequence has come. */
  async findNewestPlace(db: Db, tenantId: TenantId): Promise<Place> {
    const row = await db
      .$extendTables<EventTables>()
      .selectFrom('events')
      .select(['id', 'sequence'])
      .where('tenant_id', '=', tenantId)
      .where('sequence', 'is not', null)
      .orderBy('sequence', 'desc')
      .limit(1)
      .executeTakeFirst();
    return { id: row?.id ?? null, sequence: row?.sequence ?? 0 };
  }

  /** The last sequence number of each of the tenants that has one. */
  async listLastSequences(db: SystemDb, tenantIds: readonly TenantId[]): Promise<ReadonlyMap<TenantId, number>> {
    const rows = await db
      .$extendTables<EventTables>()
      .selectFrom('event_sequences')
      .selectAll()
      .where('tenant_id', '=', sql<TenantId>`any(${tenantIds})`)
      .execute();
    return new Map(rows.map((row) => [row.tenant_id, row.last_sequence]));
  }

  /** Tenants whose oldest event was written before that time, and is not their newest as well; in order of their ids. */
  async listTenantsWithOld(
    tx: SystemTx,
    before: Date,
    page: { readonly after: TenantId | null; readonly limit: number },
  ): Promise<readonly TenantId[]> {
    const { rows } = await sql<{ tenantId: TenantId }>`
      select s.tenant_id as "tenantId" from event_sequences as s cross join lateral (
        select created_at from events as e
        where e.tenant_id = s.tenant_id and e.sequence < s.last_sequence
        order by e.sequence limit 1
      ) as oldest
      where s.tenant_id > ${page.after ?? ''} and oldest.created_at < ${before}
      order by s.tenant_id limit ${page.limit}
    `.execute(tx);
    return rows.map(({ tenantId }) => tenantId);
  }

  /** True for one transaction at a time, until it ends. */
  async tryLockRetention(tx: SystemTx, tenantId: TenantId): Promise<boolean> {
    const { rows } = await sql<{
      locked: boolean;
    }>`select pg_try_advisory_xact_lock(hashtext('event retention'), hashtext(${tenantId})) as locked`.execute(tx);
    return rows[0]?.locked === true;
  }

  /** The front of a tenant's sequence, oldest first, without its newest event. */
  async listOldest(
    tx: SystemTx,
    tenantId: TenantId,
    limit: number,
  ): Promise<readonly Pick<SequencedEvent, 'id' | 'createdAt'>[]> {
    const { rows } = await sql<Pick<SequencedEvent, 'id' | 'createdAt'>>`
      select id, created_at as "createdAt" from events
      where tenant_id = ${tenantId}
        and sequence < (select last_sequence from event_sequences where tenant_id = ${tenantId})
      order by sequence limit ${limit}
    `.execute(tx);
    return rows;
  }

  /** Keeps anyone from referring to these events before `tx` ends. Leaves out those that somebody refers to just now. */
  async lockIdle(tx: SystemTx, ids: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    const rows = await tx
      .$extendTables<EventTables>()
      .selectFrom('events')
      .select('id')
      .where('id', '=', sql<EventId>`any(${ids})`)
      .forUpdate()
      .skipLocked()
      .execute();
    return new Set(rows.map(({ id }) => id));
  }

  async remove(tx: SystemTx, ids: readonly EventId[]): Promise<void> {
    await tx
      .$extendTables<EventTables>()
      .deleteFrom('events')
      .where('id', '=', sql<EventId>`any(${ids})`)
      .execute();
  }
}

function storedEvent(row: EventRow): StoredEvent {
  return {
    id: row.id,
    position: row.position,
    tenantId: row.tenant_id,
    accountId: row.account_id,
    type: row.type,
    subject: row.subject,
    data: row.data as StoredEvent['data'],
    createdAt: row.created_at,
    sequence: row.sequence,
  };
}

function sequencedEvent(row: EventRow): SequencedEvent {
  const event = storedEvent(row);
  if (event.sequence === null) throw new Error(`event ${event.id} has no sequence number yet`);
  return { ...event, sequence: event.sequence };
}
