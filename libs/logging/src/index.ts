export { createLog, Log, SilentLog } from './log.js';
export type { LogLine } from './log.js';
export { nestLogger } from './nest-logger.js';
