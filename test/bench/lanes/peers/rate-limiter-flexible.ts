import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Work } from './peer.js';

/** Ten points a second in Redis; whoever gets none waits for as long as he is told and asks again. */
export async function workAsRateLimiterFlexible({ redisUrl, calls, call }: Work): Promise<void> {
  const redis = new Redis(redisUrl);
  const limiter = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'bench', points: 10, duration: 1 });
  const underway: Promise<void>[] = [];
  for (let n = 0; n < calls; n += 1) {
    await takePoint(limiter);
    underway.push(call(n));
  }
  await Promise.all(underway);
  redis.disconnect();
}

async function takePoint(limiter: RateLimiterRedis): Promise<void> {
  for (;;) {
    try {
      await limiter.consume('lane');
      return;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      await sleep(refusal.msBeforeNext);
    }
  }
}
