import Bottleneck from 'bottleneck';
import { Redis } from 'ioredis';
import type { Work } from './peer.js';

/**
 * One call every 100 ms, clustered over Redis. Its documentation calls `minTime` enough for most uses; its reservoir is
 * refilled over Redis only with a heartbeat of five seconds, and then makes a fifth of the pace.
 */
export async function workAsBottleneck({ redisUrl, calls, call }: Work): Promise<void> {
  const limiter = new Bottleneck({
    id: 'bench',
    datastore: 'ioredis',
    connection: new Bottleneck.IORedisConnection({ client: new Redis(redisUrl) }),
    minTime: 100,
  });
  await limiter.ready();
  await Promise.all(Array.from({ length: calls }, (_, n) => limiter.schedule(() => call(n))));
  await limiter.disconnect();
}
