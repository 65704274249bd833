import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import type { Database, Postgres } from './postgres.js';

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

/** Throws `SchemaBehind` unless every migration of this code is applied. A schema that is ahead is fine. */
export async function assertSchemaCurrent(postgres: Postgres): Promise<void> {
  const migrations = await new Migrator({ db: postgres.db, provider: new SqlFiles() }).getMigrations();
  const missing = migrations.filter((migration) => migration.executedAt === undefined).map(({ name }) => name);
  if (missing.length > 0) throw new SchemaBehind(missing);
}
