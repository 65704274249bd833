import { Kysely, PostgresDialect, type QueryExecutorProvider, sql } from 'kysely';
import pg from 'pg';
import type { TenantId } from '#libs/ids';
import type { Secret } from '#libs/secret';
import type { Database, NoTables, SystemDb, SystemTx, Tx } from './database.js';
import { missingMigrations, SchemaBehind } from './migrations.js';

/** The roles of the database, which migration 0008 makes. Rows are hidden from the first by row-level security. */
const ROLES = { tenant: 'cvm_image_service_tenant', system: 'cvm_image_service_system' } as const;

export interface PostgresOptions {
  readonly connectionsMax?: number;
  readonly applicationName?: string;
}

// int8 columns are counters and positions of ours, far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

type Hook = () => void | Promise<void>;

/**
 * The pool and its transactions, each of which acts as one tenant or, where that is said, as the system. Services open
 * transactions and pass them down; what must happen only after the commit, such as queueing work, is handed to `onCommit`.
 *
 * Whoever logs in, every connection takes on a role with no more rights than the app needs. Outside of a transaction that
 * is a tenant without a name, who sees no rows at all.
 */
export class Postgres {
  /** For functions of the database that answer anyone; of the tables it sees nothing. */
  readonly unbound: QueryExecutorProvider;
  protected readonly kysely: Database;
  private readonly pool: pg.Pool;
  private readonly afterCommit = new WeakMap<Tx, Hook[]>();

  constructor(
    url: Secret,
    options: PostgresOptions = {},
    private readonly role: keyof typeof ROLES | null = 'tenant',
  ) {
    this.pool = new pg.Pool({
      connectionString: url.reveal(),
      max: options.connectionsMax ?? 20,
      application_name: options.applicationName ?? 'cvm-image-service',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // Part of connecting: a connection that is lost in between gives its place in the pool back, as any other that fails.
      // Kysely's own hook would keep the place for good.
      // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, though its types do not say so
      onConnect: async (client) => {
        // Where nothing was migrated yet there is no such role, and `assertSchemaCurrent` says why.
        const take = "select set_config('role', rolname, false) from pg_roles where rolname = $1";
        if (role !== null) await client.query(take, [ROLES[role]]);
      },
    });
    // A connection that the server closes is replaced at its next use, and a transaction on it fails with its next
    // statement. Without listeners, for those that are idle and those at work, it would end the process.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.kysely = new Kysely<NoTables>({ dialect: new PostgresDialect({ pool: this.pool }) });
    this.unbound = this.kysely;
  }

  /** Commits what `work` did, or nothing of it. Other tenants' rows do not exist for it. */
  async asTenant<Result>(tenantId: TenantId, work: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.run(async (tx) => {
      await sql`
        select set_config('role', ${ROLES.tenant}, true), set_config('cvm.tenant_id', ${tenantId}, true)
      `.execute(tx);
      return work(tx);
    });
  }

  /** The same over the rows of all tenants: for operators, and for what belongs to nobody. */
  async asSystem<Result>(work: (tx: SystemTx) => Promise<Result>): Promise<Result> {
    return this.run(async (tx) => {
      await sql`select set_config('role', ${ROLES.system}, true)`.execute(tx);
      return work(tx as SystemTx);
    });
  }

  /**
   * Runs `hook` once `tx` has committed, and never if it rolls back. A hook is a hint to hurry: the process may die
   * before it runs, so whatever it starts must also be found by a sweep of the table.
   */
  onCommit(tx: Tx, hook: Hook): void {
    this.afterCommit.set(tx, [...(this.afterCommit.get(tx) ?? []), hook]);
  }

  /** Throws `SchemaBehind` unless every migration of this code is applied. A schema that is ahead is fine. */
  async assertSchemaCurrent(): Promise<void> {
    const missing = await missingMigrations(this.kysely);
    if (missing.length > 0) throw new SchemaBehind(missing);
    if (this.role === null) return;
    const { rows } = await sql<{ user: string }>`select current_user as user`.execute(this.kysely);
    if (rows[0]?.user !== ROLES[this.role]) throw new Error(`the database lets nobody act as ${ROLES[this.role]}`);
  }

  /** Fails unless the server answers. */
  async ping(): Promise<void> {
    await this.pool.query('select 1');
  }

  async close(): Promise<void> {
    await this.kysely.destroy();
  }

  /** Hooks given to `onCommit` begin after the commit; nobody waits for them. */
  protected async run<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result> {
    let committed: Tx | null = null;
    const result = await this.kysely.transaction().execute(async (tx) => {
      committed = tx;
      return work(tx);
    });
    for (const hook of (committed !== null && this.afterCommit.get(committed)) || []) void runHook(hook);
    return result;
  }
}

/** For what serves all tenants at once: the worker, and operators' commands. */
export class SystemPostgres extends Postgres {
  /** Each statement for itself. */
  readonly db: SystemDb;

  /** `asWhom` is `login` for whoever owns the schema and migrates it. */
  constructor(url: Secret, options: PostgresOptions = {}, asWhom: 'system' | 'login' = 'system') {
    super(url, options, asWhom === 'login' ? null : asWhom);
    this.db = this.kysely as SystemDb;
  }

  /** Commits what `work` did, or nothing of it. */
  async transaction<Result>(work: (tx: SystemTx) => Promise<Result>): Promise<Result> {
    return this.run((tx) => work(tx as SystemTx));
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
