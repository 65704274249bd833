import { loadSettings, MigrationSettings } from '#libs/config';
import { migrateToLatest } from './migrations.js';
import { SystemPostgres } from './postgres.js';

/** `npm run db:migrate`: applies what is missing, says what it did, exits 1 with one clear line when it can't. */
const settings = loadSettings(MigrationSettings);
const url = settings.migrationDatabaseUrl ?? settings.databaseUrl;
if (url === null) {
  process.stderr.write('DATABASE_URL (or MIGRATION_DATABASE_URL) is required\n');
  process.exit(78);
}

const postgres = new SystemPostgres(url, { connectionsMax: 2, applicationName: 'cvm-image-service migrate' }, 'login');
try {
  const applied = await migrateToLatest(postgres.db);
  process.stdout.write(
    applied.length === 0 ? 'The schema is up to date.\n' : `Applied ${applied.length}: ${applied.join(', ')}\n`,
  );
} catch (error) {
  process.stderr.write(`Migration failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await postgres.close();
}
