import { Redis } from 'ioredis';

/** Lends a connection for one piece of work. */
export async function withRedis<Result>(url: string, work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Commands that the server has run so far, those inside scripts included. */
export async function commandsRun(url: string): Promise<number> {
  const text = await withRedis(url, (redis) => redis.info('commandstats'));
  return [...text.matchAll(/:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}

/** What all keys take together, to the byte; the server's own total also counts connections and buffers. */
export async function bytesOfKeys(url: string): Promise<number> {
  return withRedis(url, async (redis) => {
    let bytes = 0;
    for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>) {
      for (const key of keys) bytes += (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
    }
    return bytes;
  });
}
