export type { Db, SystemDb, SystemTx, Tx } from './database.js';
export { migrateToLatest, SchemaBehind } from './migrations.js';
export { Postgres, SystemPostgres } from './postgres.js';
export { isForeignKeyViolation, isUniqueViolation } from './violations.js';
