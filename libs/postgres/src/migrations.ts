import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import type { Database } from './database.js';

const FOLDER = new URL('../migrations/', import.meta.url);

/** The database lacks migrations that this code was built with. */
export class SchemaBehind extends Error {
  constructor(readonly missing: readonly string[]) {
    super(
      `The database schema is behind: ${missing.length} migration(s) are missing (${missing.join(', ')}). ` +
        'Run "npm run db:migrate" with the DATABASE_URL of the schema\'s owner, then start again.',
    );
  }
}

/** Numbered SQL files, in order of name. Forward only. */
class SqlFiles implements MigrationProvider {
  async getMigrations(): Promise<Record<string, Migration>> {
    const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
    const entries = names.map(async (name): Promise<[string, Migration]> => {
      const statements = await readFile(new URL(name, FOLDER), 'utf8');
      return [name.slice(0, -'.sql'.length), { up: async (db) => void (await sql.raw(statements).execute(db)) }];
    });
    return Object.fromEntries(await Promise.all(entries));
  }
}

/** Brings the schema up to this code, under the migrator's own lock. Gives the names it applied; safe to repeat. */
export async function migrateToLatest(db: Database): Promise<readonly string[]> {
  const { error, results } = await new Migrator({ db, provider: new SqlFiles() }).migrateToLatest();
  if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error });
  return (results ?? []).filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

/** The names of this code's migrations that the database lacks, in order. */
export async function missingMigrations(db: Database): Promise<readonly string[]> {
  const migrations = await new Migrator({ db, provider: new SqlFiles() }).getMigrations();
  return migrations.filter((migration) => migration.executedAt === undefined).map(({ name }) => name);
}
