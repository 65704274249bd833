import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '#libs/local-servers';
import { repositoryRoot } from './repository-root.js';

export interface PrivateRedis {
  readonly url: string;
  /** What it writes to disk is below this folder. */
  readonly dataDirectory: string;
  /** Gone, for as long as `meanwhile` takes, and back at the same address, with what it had on disk. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** A durable Redis of the caller's own, for what must not share one: reading its files, flushing it, killing it. */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'cvm-image-service-redis-'));
  const dataDirectory = join(folder, 'data');
  const options = { dataDirectory, programDirectory: join(repositoryRoot(), '.local/programs') };
  let redis = await startRedis(options);
  const { url, port } = redis;
  return {
    url,
    dataDirectory,
    restart: async (meanwhile) => {
      await redis.stop();
      await meanwhile?.();
      redis = await startRedis({ ...options, port });
    },
    stop: async () => {
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
