import { migrateToLatest, SystemPostgres } from '#libs/postgres';
import { Secret } from '#libs/secret';
import { inspectDatabase } from './inspections.js';
import { createTestDatabase } from './test-database.js';

export interface MigratedDatabase {
  /** A superuser's, who sees and may do all; what acts as a tenant or as the system has no more rights than in the apps. */
  readonly postgres: SystemPostgres;
  readonly url: string;
  /** Inspects what is in it, closes the connections and drops the database. */
  drop(): Promise<void>;
}

const open = new Set<string>();

/** How many databases of this file are still there, and so have not been inspected. */
export function openDatabases(): number {
  return open.size;
}

/** A database of the caller's own with the whole schema in it, and the pool to use it by; see `createTestDatabase`. */
export async function createMigratedDatabase(serverUrl?: string): Promise<MigratedDatabase> {
  const database = await createTestDatabase({ name: 'migrated', prepare: migrate }, serverUrl);
  const postgres = new SystemPostgres(new Secret(database.url), {}, 'login');
  open.add(database.url);
  return {
    postgres,
    url: database.url,
    drop: async () => {
      open.delete(database.url);
      await inspectDatabase(postgres);
      await postgres.close();
      await database.drop();
    },
  };
}

async function migrate(url: string): Promise<void> {
  const postgres = new SystemPostgres(new Secret(url), { connectionsMax: 1 }, 'login');
  await migrateToLatest(postgres.db);
  await postgres.close();
}
