import { resolve } from 'node:path';
import { type LocalServer, startServer } from './local-server.js';
import { openCluster, SUPERUSER } from './postgres-cluster.js';
import { postgresPrograms } from './postgres-programs.js';
import { ownedDirectory, serverUser } from './server-user.js';

export interface PostgresOptions {
  /** Kept between runs. As root it may have to be elsewhere; the answer's `dataDirectory` says where. */
  readonly dataDirectory: string;
  readonly port?: number;
  /** False trades safety for speed, and the data is removed should we die: only for data that is thrown away. */
  readonly durable?: boolean;
  readonly log?: (line: string) => void;
}

const NOT_DURABLE = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum=off'];

/** A real PostgreSQL on 127.0.0.1, ready for connections; `url` is its superuser's. */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const user = await serverUser();
  const programs = await postgresPrograms(user);
  const dataDirectory = await ownedDirectory(resolve(options.dataDirectory), user);
  const cluster = await openCluster(dataDirectory, programs, user);
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    ...(options.durable === false ? NOT_DURABLE : []),
  ];

  const { process, port } = await startServer({
    port: options.port,
    readyWords: 'database system is ready to accept connections',
    log: options.log ?? (() => undefined),
    process: (port) => ({
      command: programs.postgres,
      args: ['-D', cluster.directory, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      env: { LC_ALL: 'C' },
      cwd: dataDirectory,
      ...user,
      // A "fast shutdown": open sessions are cut off, everything committed is on disk.
      stopSignal: 'SIGINT',
      graceMs: 10_000,
      throwAway: options.durable === false ? dataDirectory : undefined,
    }),
  });

  return {
    url: `postgresql://${SUPERUSER}:${cluster.password}@127.0.0.1:${port}/postgres`,
    port,
    dataDirectory,
    exited: process.exited,
    stop: async () => void (await process.stop()),
  };
}
