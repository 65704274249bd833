export { DELIVER_QUEUE, SUBMIT_QUEUE, TRACK_QUEUE } from './queue-names.js';
export type { QueueJobs } from './queue-names.js';
export { Queues } from './queues.js';
