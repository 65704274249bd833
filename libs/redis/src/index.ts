export { connectRedis } from './connect.js';
export type { ConnectionUse } from './connect.js';
export { Hints } from './hints.js';
export type { HintTopic } from './hints.js';
export { Script } from './script.js';
