import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '#libs/local-servers';

export interface PrivateRedis {
  readonly url: string;
  /** What it writes to disk is below this folder. */
  readonly dataDirectory: string;
  stop(): Promise<void>;
}

/** A durable Redis of the caller's own, for what must not share one: reading its files, flushing it, killing it. */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'cvm-image-service-redis-'));
  const dataDirectory = join(folder, 'data');
  const redis = await startRedis({ dataDirectory, programDirectory: join(folder, 'programs') });
  return {
    url: redis.url,
    dataDirectory,
    stop: async () => {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
