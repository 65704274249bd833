export { freePort, isPortFree } from './free-port.js';
export { type GuardedProcess, type GuardedProcessOptions, startGuarded } from './guarded-process.js';
export type { LocalServer } from './local-server.js';
export { type PostgresOptions, startPostgres } from './start-postgres.js';
export { type RedisOptions, startRedis } from './start-redis.js';
