import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { PeerKind, Work } from './peer.js';
import { PEER_QUEUE } from './peer.js';

/** As much at once as a worker of the product does. */
const CONCURRENCY = 50;

/** Works until the process is stopped: the jobs are spread by the queue, not by us. */
export async function workAsBullmq(kind: PeerKind, { redisUrl, call }: Work): Promise<void> {
  const worker = new Worker<{ n: number }>(PEER_QUEUE, (job) => call(job.data.n), {
    connection: new Redis(redisUrl, { maxRetriesPerRequest: null }),
    concurrency: CONCURRENCY,
    ...(kind === 'bullmq' && { limiter: { max: 10, duration: 1000 } }),
  });
  await worker.waitUntilReady();
  await new Promise<void>((resolve) => worker.once('closed', resolve));
}
