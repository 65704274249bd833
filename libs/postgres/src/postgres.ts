import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Secret } from '#libs/secret';

/** A database without tables: each store widens it to its own (`tx.$extendTables<…>()`) and can name no other's. */
// oxlint-disable-next-line typescript/no-empty-object-type
export type NoTables = {};
export type Database = Kysely<NoTables>;
export type Tx = Transaction<NoTables>;
/** What a read-only method of a store accepts: the pool or an open transaction. */
export type Db = Database | Tx;

// int8 columns are counters and positions of ours, far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

type Hook = () => void | Promise<void>;

/**
 * The pool and its transactions. Services open transactions and pass them down; what must happen only after the commit,
 * such as queueing work, is handed to `onCommit`.
 */
export class Postgres {
  readonly db: Database;
  private readonly pool: pg.Pool;
  private readonly afterCommit = new WeakMap<Tx, Hook[]>();

  constructor(url: Secret, options: { readonly connectionsMax?: number; readonly applicationName?: string } = {}) {
    this.pool = new pg.Pool({
      connectionString: url.reveal(),
      max: options.connectionsMax ?? 20,
      application_name: options.applicationName ?? 'cvm-image-service',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    // An idle connection that the server closes is replaced at its next use; without a listener it would end the process.
    this.pool.on('error', () => undefined);
    this.db = new Kysely<NoTables>({ dialect: new PostgresDialect({ pool: this.pool }) });
  }

  /** Commits what `work` did, or nothing of it. Hooks given to `onCommit` begin after the commit; nobody waits for them. */
  async transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    let committed: Tx | null = null;
    const result = await this.db.transaction().execute(async (tx) => {
      committed = tx;
      return work(tx);
    });
    for (const hook of (committed !== null && this.afterCommit.get(committed)) || []) void runHook(hook);
    return result;
  }

  /**
   * Runs `hook` once `tx` has committed, and never if it rolls back. A hook is a hint to hurry: the process may die
   * before it runs, so whatever it starts must also be found by a sweep of the table.
   */
  onCommit(tx: Tx, hook: Hook): void {
    this.afterCommit.set(tx, [...(this.afterCommit.get(tx) ?? []), hook]);
  }

  /** Fails unless the server answers. */
  async ping(): Promise<void> {
    await this.pool.query('select 1');
  }

  async close(): Promise<void> {
    await this.db.destroy();
  }
}

/** What is committed stays committed, whatever becomes of a hint. */
async function runHook(hook: Hook): Promise<void> {
  try {
    await hook();
  } catch {
    // The sweep of the table finds what the hook was to hurry.
  }
}
