import type { EventId, TenantId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import type { EventType, Place, SequencedEvent } from './event.js';
import type { EventSink, FollowedPage } from './event-follower.js';
import type { EventStore } from './event.store.js';
import { EventNotKept } from './events.errors.js';
import { TenantTail } from './tenant-tail.js';
import { Turns } from './turns.js';

/** `start` is before the oldest event that is kept, `now` behind the newest. */
export type FollowFrom = EventId | 'start' | 'now';

/** Where following begins. */
export interface FollowStart {
  readonly place: Place;
  /** The tenant's newest event when it was looked up. */
  readonly newest: Place;
}

/** One reader that is sent events until it stops. */
export interface Following {
  /** Everything up to here has been sent, or is of a type that was not asked for. */
  readonly place: Place;
  /** Nothing is sent any more, and nothing is kept. Safe to repeat. */
  stop(): void;
}

export interface TailOptions {
  /** How long a lost hint may delay an event. */
  readonly lookEveryMs?: number;
  readonly pageEvents?: number;
}

const LOOK_EVERY_MS = 1000;
/** A page is in memory as long as its reader takes to read it. */
const PAGE_EVENTS = 100;
/** Of the connections to the database, so that a thousand readers who come back at once leave some to everybody else. */
const READS_AT_ONCE = 4;

/**
 * Sends events to any number of readers as they get their place in the sequence. A hint or, should it be lost, one look a
 * second at the last numbers of all tenants leads to one read for each tenant with news, whose events go to all who follow
 * the tenant; whoever is behind reads pages of its own. All of it reads the table by sequence, behind what was sent last:
 * a lost hint, a lost Redis and a lost database only delay.
 */
export class EventTails {
  private readonly tails = new Map<TenantId, TenantTail>();
  private readonly newReads = new Turns(READS_AT_ONCE);
  private readonly oldReads = new Turns(READS_AT_ONCE);
  private readonly lookEveryMs: number;
  private readonly pageEvents: number;
  private timer: NodeJS.Timeout | null = null;
  private stopHearing: (() => void) | null = null;

  constructor(
    private readonly postgres: Postgres,
    private readonly store: EventStore,
    private readonly hints: Hints,
    private readonly log: Log,
    { lookEveryMs = LOOK_EVERY_MS, pageEvents = PAGE_EVENTS }: TailOptions = {},
  ) {
    this.lookEveryMs = lookEveryMs;
    this.pageEvents = pageEvents;
  }

  /** Throws `EventNotKept` for an event that is not this tenant's, or no longer there. */
  async locate(tenantId: TenantId, from: FollowFrom): Promise<FollowStart> {
    return this.oldReads.take(async () =>
      this.postgres.asTenant(tenantId, async (tx) => {
        const newest = await this.store.findNewestPlace(tx, tenantId);
        if (from === 'now') return { place: newest, newest };
        if (from === 'start') return { place: { sequence: 0, id: null }, newest };
        const event = await this.store.findSequenced(tx, tenantId, from);
        if (event === undefined) throw new EventNotKept('a stream is to go on behind an event that is not there');
        return { place: { sequence: event.sequence, id: event.id }, newest };
      }),
    );
  }

  /** Sends every event behind the place once and in order, those of other types left out, until it is stopped. */
  follow(
    tenantId: TenantId,
    { place, newest }: FollowStart,
    types: readonly EventType[] | undefined,
    sink: EventSink,
  ): Following {
    const known = this.tails.get(tenantId);
    const tail = known ?? new TenantTail(newest, this.readerOf(tenantId));
    this.tails.set(tenantId, tail);
    const follower = tail.follow(place, types, sink);
    // What came between the look-up and this moment was hinted at when nobody of this tenant listened.
    if (known === undefined) tail.look();
    this.keepLooking();
    return {
      get place() {
        return follower.place;
      },
      stop: () => {
        tail.leave(follower);
        if (!tail.isFollowed && this.tails.get(tenantId) === tail) this.tails.delete(tenantId);
        if (this.tails.size === 0) this.stopLooking();
      },
    };
  }

  private readerOf(tenantId: TenantId) {
    return {
      readNew: (after: Place) => this.newReads.take(() => this.read(tenantId, after, undefined, undefined)),
      readOld: (after: Place, upTo: Place, types: readonly EventType[] | undefined) =>
        this.oldReads.take(() => this.read(tenantId, after, upTo, types)),
      failed: (error: unknown) => this.noteFailure(error),
    };
  }

  private async read(
    tenantId: TenantId,
    after: Place,
    upTo: Place | undefined,
    types: readonly EventType[] | undefined,
  ): Promise<FollowedPage> {
    const page = {
      afterSequence: after.sequence,
      limit: this.pageEvents,
      ...(upTo === undefined ? {} : { upToSequence: upTo.sequence }),
      ...(types === undefined ? {} : { types }),
    };
    const events: readonly SequencedEvent[] = await this.postgres.asTenant(tenantId, (tx) =>
      this.store.listSequenced(tx, tenantId, page),
    );
    return { events, isLast: events.length < this.pageEvents };
  }

  private keepLooking(): void {
    this.stopHearing ??= this.hints.on('events-sequenced', (tenantId) => this.tails.get(tenantId as TenantId)?.look());
    this.timer ??= setTimeout(() => void this.lookAtAll(), this.lookEveryMs).unref();
  }

  private stopLooking(): void {
    this.stopHearing?.();
    this.stopHearing = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async lookAtAll(): Promise<void> {
    try {
      const last = await this.postgres.asSystem((tx) => this.store.listLastSequences(tx, [...this.tails.keys()]));
      for (const [tenantId, tail] of this.tails) tail.sweep(last.get(tenantId) ?? 0);
    } catch (error) {
      this.noteFailure(error);
    }
    // A look that was under way while the last reader left and another came must not leave two timers behind.
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.tails.size > 0) this.keepLooking();
  }

  /** The next look tries again, and nothing is lost by it; until then the streams are silent. */
  private noteFailure(error: unknown): void {
    this.log.warn({ event: 'events.not_read', error });
  }
}
