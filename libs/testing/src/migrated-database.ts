import { migrateToLatest, SystemPostgres } from '#libs/postgres';
import { Secret } from '#libs/secret';
import { createTestDatabase } from './test-database.js';

export interface MigratedDatabase {
  /** A superuser's, who sees and may do all; what acts as a tenant or as the system has no more rights than in the apps. */
  readonly postgres: SystemPostgres;
  readonly url: string;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

/** A database of the caller's own with the whole schema in it, and the pool to use it by; see `createTestDatabase`. */
export async function createMigratedDatabase(serverUrl?: string): Promise<MigratedDatabase> {
  const database = await createTestDatabase({ name: 'migrated', prepare: migrate }, serverUrl);
  const postgres = new SystemPostgres(new Secret(database.url), {}, 'login');
  return {
    postgres,
    url: database.url,
    drop: async () => {
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
