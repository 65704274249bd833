import { NotFound } from '#libs/errors';
import type { EventId, TenantId } from '#libs/ids';
import type { Db, Postgres, Tx } from '#libs/postgres';
import type { EventType, SequencedEvent } from './event.js';
import type { EventStore, FeedPage } from './event.store.js';
import { EventNotKept } from './events.errors.js';

export interface FeedRequest {
  /** Read on behind this event; from the oldest kept one where it is left out. */
  readonly after?: EventId;
  /** Only these types; all where it is left out. */
  readonly types?: readonly EventType[];
  readonly limit: number;
}

/** A tenant's events in the order of their sequence. One that is listed has its final place: nothing appears before it later. */
export class EventFeed {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: EventStore,
  ) {}

  /** Oldest first. Throws `EventNotKept` when `after` is no event of this tenant, or not any more. */
  async list(tenantId: TenantId, { after, types, limit }: FeedRequest): Promise<readonly SequencedEvent[]> {
    return this.postgres.asTenant(tenantId, async (tx) => {
      const start = after === undefined ? null : await this.store.findSequenced(tx, tenantId, after);
      if (start === undefined) throw new EventNotKept('the feed is to go on behind an event that is not there');
      const page = { afterSequence: start?.sequence ?? 0, limit, ...(types === undefined ? {} : { types }) };
      return this.store.listSequenced(tx, tenantId, page);
    });
  }

  /** The same page within a transaction of the caller's, from behind a place in the sequence. */
  async listIn(tx: Tx, tenantId: TenantId, page: FeedPage): Promise<readonly SequencedEvent[]> {
    return this.store.listSequenced(tx, tenantId, page);
  }

  /** Those of these events that have their place, by id. */
  async findIn(db: Db, tenantId: TenantId, ids: readonly EventId[]): Promise<ReadonlyMap<EventId, SequencedEvent>> {
    const events = await this.store.findManySequenced(db, tenantId, ids);
    return new Map(events.map((event) => [event.id, event]));
  }

  /** Throws `NotFound` for another tenant's event, and for one that has no place in the sequence yet. */
  async get(tenantId: TenantId, id: EventId): Promise<SequencedEvent> {
    const event = await this.postgres.asTenant(tenantId, (tx) => this.store.findSequenced(tx, tenantId, id));
    if (event === undefined) throw new NotFound('event');
    return event;
  }
}
