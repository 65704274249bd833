import type { EventId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import type { NewEvent } from './event.js';
import type { EventStore } from './event.store.js';

/** An event that has been written: its id, and the position that orders the events of one subject. */
export interface AppendedEvent {
  readonly id: EventId;
  readonly position: number;
}

/** Where every event begins: in the transaction of the change that it tells of. */
export class Outbox {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: EventStore,
    private readonly hints: Hints,
  ) {}

  /** Commits or vanishes with `tx`; the relay is nudged after the commit. */
  async append(tx: Tx, event: NewEvent, at: Date): Promise<AppendedEvent> {
    const appended = await this.store.insert(tx, event, at);
    this.postgres.onCommit(tx, () => this.hints.give('events-appended'));
    return appended;
  }
}
