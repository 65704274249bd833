import { Client } from 'pg';
import { waitFor } from '#libs/testing';

/** Holds up whoever writes to a table, so that a process can be killed at exactly that statement. Readers go on. */
export class TableLock {
  private isReleased = false;

  private constructor(private readonly client: Client) {}

  static async on(databaseUrl: string, table: 'attempts' | 'events'): Promise<TableLock> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query('begin');
    await client.query(`lock table ${table} in exclusive mode`);
    return new TableLock(client);
  }

  /** Until a statement that begins so, and was not sent before, waits for the lock. */
  async holdsUp(statement: string, sentSince: Date = new Date(0)): Promise<void> {
    const waiting = `
      select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like $1 and query_start >= $2`;
    const isHeldUp = async (): Promise<boolean> => {
      // Within a transaction the view would show for ever what it showed at first.
      await this.client.query('select pg_stat_clear_snapshot()');
      return ((await this.client.query(waiting, [`${statement}%`, sentSince])).rowCount ?? 0) > 0;
    };
    const what = `"${statement}" waits for its table`;
    await waitFor(isHeldUp, { timeoutMs: 20_000, intervalMs: 10, what });
  }

  /** Safe to repeat. */
  async release(): Promise<void> {
    if (this.isReleased) return;
    this.isReleased = true;
    await this.client.query('rollback');
    await this.client.end();
  }
}
