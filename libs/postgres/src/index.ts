export type { Db, SystemDb, SystemTx, Tx } from './database.js';
export { migrateToLatest, SchemaBehind } from './migrations.js';
export { Postgres, SystemPostgres } from './postgres.js';
export { isUniqueViolation } from './violations.js';
