import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalServer, startPostgres, startRedis } from '#libs/local-servers';
import { repositoryRoot } from './repository-root.js';

// Kept between runs, unlike the data, for fetching a Redis takes its time.
const PROGRAMS = join(repositoryRoot(), '.local/programs');

interface TestServers {
  readonly servers: readonly LocalServer[];
  readonly directory: string;
}

// Jest loads this module anew for set-up and tear-down, so what they share hangs on the process.
const shared = globalThis as typeof globalThis & { testServers?: Promise<TestServers> | undefined };

/** Starts what the environment does not already name, and names it there for the workers, which inherit it. */
export async function startTestServers(): Promise<void> {
  shared.testServers ??= start();
  await shared.testServers;
}

export async function stopTestServers(): Promise<void> {
  const running = await shared.testServers;
  if (!running) return;
  shared.testServers = undefined;
  await Promise.all(running.servers.map((server) => server.stop()));
  await removeAll([running.directory, ...running.servers.map(({ dataDirectory }) => dataDirectory)]);
}

async function start(): Promise<TestServers> {
  const directory = await mkdtemp(join(tmpdir(), 'cvm-image-service-test-'));
  // As root, PostgreSQL runs as another user, who must be able to walk through here.
  await chmod(directory, 0o711);
  const servers = await Promise.all([
    startUnlessGiven('TEST_DATABASE_URL', () =>
      startPostgres({ dataDirectory: join(directory, 'postgres'), durable: false }),
    ),
    startUnlessGiven('TEST_REDIS_URL', () =>
      startRedis({ dataDirectory: join(directory, 'redis'), programDirectory: PROGRAMS, durable: false }),
    ),
  ]);
  return { directory, servers: servers.flat() };
}

async function startUnlessGiven(variable: string, launch: () => Promise<LocalServer>): Promise<LocalServer[]> {
  if (process.env[variable]) return [];
  const server = await launch();
  process.env[variable] = server.url;
  return [server];
}

async function removeAll(directories: readonly string[]): Promise<void> {
  await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })));
}
