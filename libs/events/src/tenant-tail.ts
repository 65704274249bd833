import type { EventType, Place, SequencedEvent } from './event.js';
import { EventFollower, type EventSink, type Followed, type FollowedPage } from './event-follower.js';

/** Reads the events behind one place, up to another if one is given. Throws where the database can't be reached. */
export interface TailReader {
  /** What is new, for all followers. */
  readNew(after: Place): Promise<FollowedPage>;
  /** What one follower has yet to see. */
  readOld(after: Place, upTo: Place, types: readonly EventType[] | undefined): Promise<FollowedPage>;
  failed(error: unknown): void;
}

/** Reads the end of one tenant's sequence once for all who follow it. */
export class TenantTail implements Followed {
  private readonly followers = new Set<EventFollower>();
  private isReading = false;
  private mayHaveMore = false;

  constructor(
    private at: Place,
    private readonly reader: TailReader,
  ) {}

  get place(): Place {
    return this.at;
  }

  get isFollowed(): boolean {
    return this.followers.size > 0;
  }

  follow(from: Place, types: readonly EventType[] | undefined, sink: EventSink): EventFollower {
    const follower = new EventFollower(this, from, types, sink);
    this.followers.add(follower);
    this.help(follower);
    return follower;
  }

  leave(follower: EventFollower): void {
    follower.stop();
    this.followers.delete(follower);
  }

  /** Reads on, for there may be news; whoever says so while a read is under way has it read once more. */
  look(): void {
    this.mayHaveMore = true;
    if (!this.isReading) void this.readOn();
  }

  /** What a hint would have led to, and what a failure left undone. */
  sweep(lastSequence: number): void {
    if (lastSequence > this.at.sequence) this.look();
    for (const follower of this.followers) this.help(follower);
  }

  read(after: Place, upTo: Place, types: readonly EventType[] | undefined): Promise<FollowedPage> {
    return this.reader.readOld(after, upTo, types);
  }

  private async readOn(): Promise<void> {
    this.isReading = true;
    try {
      while (this.mayHaveMore && this.isFollowed) {
        this.mayHaveMore = false;
        const { events, isLast } = await this.reader.readNew(this.at);
        this.handOut(events);
        this.mayHaveMore ||= !isLast;
      }
    } catch (error) {
      this.reader.failed(error);
    } finally {
      this.isReading = false;
    }
  }

  /** In one go with the step of the place: a follower that catches up meanwhile has either seen them or hears them. */
  private handOut(events: readonly SequencedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    for (const follower of this.followers) follower.hear(events);
    this.at = { sequence: last.sequence, id: last.id };
    for (const follower of this.followers) this.help(follower);
  }

  /** Does nothing for those who have caught up, which are nearly all of them. */
  private help(follower: EventFollower): void {
    if (follower.hasCaughtUp) return;
    follower.catchUp().catch((error: unknown) => this.reader.failed(error));
  }
}
