import type { EventType, Place, SequencedEvent } from './event.js';

/** Where a follower's events go. */
export interface EventSink {
  /** Takes the event in any case. */
  send(event: SequencedEvent): void;
  /** What was sent has not all gone out yet: whoever reads old events waits for it, for nothing is lost by that. */
  readonly isBusy: boolean;
  /** No more may be kept for it: it has to read on by itself, once it has drained. */
  readonly isFull: boolean;
  /** Resolves when nothing that was sent is waiting any more, and when the sink is closed. */
  drained(): Promise<void>;
}

/** One page of a tenant's events, oldest first; shorter than others where it reaches the end. */
export interface FollowedPage {
  readonly events: readonly SequencedEvent[];
  readonly isLast: boolean;
}

/** How far the tenant's tail has read, and how a follower reads what lies behind that. */
export interface Followed {
  readonly place: Place;
  read(after: Place, upTo: Place, types: readonly EventType[] | undefined): Promise<FollowedPage>;
}

/**
 * Sends one reader every event behind its place once and in order, whatever comes in between: it takes from the tail what
 * is new once it has caught up with it, and until then reads pages of its own.
 */
export class EventFollower {
  private isLive = false;
  private isCatchingUp = false;
  private isStopped = false;

  constructor(
    private readonly tail: Followed,
    private at: Place,
    private readonly types: readonly EventType[] | undefined,
    private readonly sink: EventSink,
  ) {}

  /** Everything up to here has been sent, or is of a type that was not asked for. */
  get place(): Place {
    return this.at;
  }

  get hasCaughtUp(): boolean {
    return this.isLive;
  }

  /** What the tail has just read: heard by those who have caught up with it. One whose sink is full falls behind. */
  hear(events: readonly SequencedEvent[]): void {
    if (!this.isLive || this.isStopped) return;
    for (const event of events) {
      // A follower that began at a place which the tail had yet to reach is ahead of it.
      if (event.sequence <= this.at.sequence) continue;
      this.take(event);
      if (!this.sink.isFull) continue;
      this.isLive = false;
      return;
    }
  }

  /** Reads on to where the tail is. Does nothing where that is under way, or done; after a failure, call it again. */
  async catchUp(): Promise<void> {
    if (this.isLive || this.isCatchingUp) return;
    this.isCatchingUp = true;
    try {
      while (!this.isStopped && this.at.sequence < this.tail.place.sequence) await this.readOn();
      // Nothing comes in between the last look at the tail and here, so what it reads next is what this one lacks.
      this.isLive = true;
    } finally {
      this.isCatchingUp = false;
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private async readOn(): Promise<void> {
    await this.untilDrained();
    if (this.isStopped) return;
    const upTo = this.tail.place;
    const { events, isLast } = await this.tail.read(this.at, upTo, this.types);
    for (const event of events) {
      await this.untilDrained();
      if (this.isStopped) return;
      this.take(event);
    }
    if (isLast) this.at = upTo;
  }

  private async untilDrained(): Promise<void> {
    if (this.sink.isBusy) await this.sink.drained();
  }

  private take(event: SequencedEvent): void {
    if (this.types === undefined || this.types.includes(event.type)) this.sink.send(event);
    this.at = { sequence: event.sequence, id: event.id };
  }
}
