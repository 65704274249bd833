export { describeSettings, environmentNames } from './read-settings.js';
export { loadSettings } from './load-settings.js';
export type { Site } from './service.settings.js';
export { GatewaySettings } from './gateway.settings.js';
export { WorkerSettings } from './worker.settings.js';
export { KeyRotationSettings } from './key-rotation.settings.js';
export { widenThreadPool } from './widen-thread-pool.js';
export { MigrationSettings } from './migration.settings.js';
