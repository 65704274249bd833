export { freePort, isPortFree } from './free-port.js';
export { type GuardedProcess, startGuarded } from './guarded-process.js';
export type { LocalServer } from './local-server.js';
export { startPostgres } from './start-postgres.js';
export { startRedis } from './start-redis.js';
