export { Postgres } from './postgres.js';
export type { Database, Db, NoTables, Tx } from './postgres.js';
export { assertSchemaCurrent, migrateToLatest, SchemaBehind } from './migrations.js';
export { isUniqueViolation } from './violations.js';
