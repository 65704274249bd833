export { Postgres } from './postgres.js';
export type { Database, Db, Tx } from './postgres.js';
export { assertSchemaCurrent, migrateToLatest, SchemaBehind } from './migrations.js';
export { isUniqueViolation } from './violations.js';
