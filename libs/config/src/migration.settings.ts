import type { Secret } from '#libs/secret';
import { secretUrl } from './parsers.js';
import { Variable } from './variable.js';

/** What `db:migrate` reads: the schema's owner where one is named, else the apps' own database URL. */
export class MigrationSettings {
  @Variable('MIGRATION_DATABASE_URL', secretUrl('postgres', 'postgresql'), { optional: true })
  migrationDatabaseUrl!: Secret | null;

  @Variable('DATABASE_URL', secretUrl('postgres', 'postgresql'), { optional: true })
  databaseUrl!: Secret | null;
}
