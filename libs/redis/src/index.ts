export { connectRedis } from './connect.js';
export { Hints } from './hints.js';
export { RedisMemory } from './memory.js';
export { Script } from './script.js';
