export { createMigratedDatabase, type MigratedDatabase } from './migrated-database.js';
export { type PrivateRedis, startPrivateRedis } from './private-redis.js';
export { type StartedProcess, startProcess, stopAllProcesses } from './start-process.js';
export { type Answer, type Receiver, startReceiver } from './start-receiver.js';
export { repositoryRoot } from './repository-root.js';
export { createTestDatabase } from './test-database.js';
export { testDatabaseUrl, testKeyPrefix, testRedisUrl } from './test-environment.js';
export { startTestServers, stopTestServers } from './test-servers.js';
export { waitFor } from './wait-for.js';
