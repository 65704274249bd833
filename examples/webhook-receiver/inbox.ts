import { DatabaseSync } from 'node:sqlite';
import type { ServiceEvent } from './verify.ts';

/** Up to here every event of the tenant is known, and none is missing. `id` is where the feed goes on. */
interface Mark {
  readonly sequence: number;
  readonly id: string | null;
}

/** What is done about an event, in the transaction that marks it as handled: both happen, or neither does. */
export type Handler = (database: DatabaseSync, event: ServiceEvent) => void;

/**
 * The events of one tenant, each once, in a file that outlives the process. An event is in the file before the service
 * hears 2xx, so nothing that the service counts as delivered can be lost here.
 */
export class Inbox {
  readonly #database: DatabaseSync;

  /** `prepare` makes the tables that the handler writes to. */
  constructor(path: string, prepare: (database: DatabaseSync) => void) {
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    this.#database.exec(`
      pragma journal_mode = wal;
      create table if not exists events (
        id       text    primary key,
        sequence integer not null,
        body     text    not null,
        handled  integer not null default 0
      );
      create index if not exists events_by_sequence on events (sequence);
      create table if not exists mark (sequence integer not null, id text);
      insert into mark select 0, null where not exists (select 1 from mark);
    `);
    prepare(this.#database);
  }

  /** Does nothing for an event that is known: attempts are repeated, and so are replays. */
  add(event: ServiceEvent): void {
    this.#transaction(() => {
      this.#insert(event);
      for (let next = this.#following(); next !== undefined; next = this.#following()) this.#setMark(next);
    });
  }

  /** A page of the feed that begins behind the mark. What it leaves out does not exist any more. */
  addPage(events: readonly ServiceEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    this.#transaction(() => {
      for (const event of events) this.#insert(event);
      if (last.sequence > this.mark().sequence) this.#setMark(last);
    });
  }

  mark(): Mark {
    return this.#database.prepare('select sequence, id from mark').get() as unknown as Mark;
  }

  /** Whether an event came whose predecessors did not. */
  hasGap(): boolean {
    return (
      this.#database.prepare('select 1 from events where sequence > (select sequence from mark)').get() !== undefined
    );
  }

  /**
   * Handles what is known and waits, in the order of `sequence`, and nothing behind a gap. After a failure the other
   * events of its subject wait too. Gives the failures; what failed is tried again by the next call.
   */
  handleAll(handle: Handler): readonly unknown[] {
    const waiting = this.#database
      .prepare(
        'select body from events where handled = 0 and sequence <= (select sequence from mark) order by sequence',
      )
      .all() as { body: string }[];
    const failures: unknown[] = [];
    const blocked = new Set<string>();
    for (const { body } of waiting) {
      const event = JSON.parse(body) as ServiceEvent;
      if (blocked.has(event.subject)) continue;
      try {
        this.#transaction(() => {
          handle(this.#database, event);
          this.#database.prepare('update events set handled = 1 where id = ?').run(event.id);
        });
      } catch (error) {
        blocked.add(event.subject);
        failures.push(error);
      }
    }
    return failures;
  }

  close(): void {
    this.#database.close();
  }

  #insert(event: ServiceEvent): void {
    if (event.sequence <= this.mark().sequence) return;
    this.#database
      .prepare('insert or ignore into events (id, sequence, body) values (?, ?, ?)')
      .run(event.id, event.sequence, JSON.stringify(event));
  }

  #following(): ServiceEvent | undefined {
    const row = this.#database.prepare('select body from events where sequence = ?').get(this.mark().sequence + 1);
    return row === undefined ? undefined : (JSON.parse(row['body'] as string) as ServiceEvent);
  }

  #setMark({ sequence, id }: ServiceEvent): void {
    this.#database.prepare('update mark set sequence = ?, id = ?').run(sequence, id);
  }

  #transaction(work: () => void): void {
    this.#database.exec('begin immediate');
    try {
      work();
      this.#database.exec('commit');
    } catch (error) {
      this.#database.exec('rollback');
      throw error;
    }
  }
}
