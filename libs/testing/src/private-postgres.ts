import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '#libs/local-servers';

export interface PrivatePostgres {
  /** A superuser's. */
  readonly url: string;
  /** What it writes to disk is below this folder. */
  readonly dataDirectory: string;
  /** Cuts off every session, as an operator's restart would, and is back at the same address with all that was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A durable PostgreSQL of the caller's own, for what must not share one: restarting it under the service's feet. */
export async function startPrivatePostgres(): Promise<PrivatePostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'cvm-image-service-postgres-'));
  // As root, PostgreSQL runs as another user, who must be able to walk through here.
  await chmod(folder, 0o711);
  const options = { dataDirectory: join(folder, 'data') };
  let postgres = await startPostgres(options);
  const { url, port, dataDirectory } = postgres;
  return {
    url,
    dataDirectory,
    restart: async () => {
      await postgres.stop();
      postgres = await startPostgres({ ...options, port });
    },
    stop: async () => {
      await postgres.stop();
      for (const directory of [dataDirectory, folder]) await rm(directory, { recursive: true, force: true });
    },
  };
}
