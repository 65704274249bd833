export { connectRedis } from './connect.js';
export { Hints } from './hints.js';
export { Script } from './script.js';
