import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { LocalServer } from './local-server.js';
import { type RedisOptions, startRedis } from './start-redis.js';

describe('startRedis', () => {
  let directory: string;
  let started: LocalServer[];

  /** Stopped at the end of the test, however it ends. */
  async function start(options: RedisOptions): Promise<LocalServer> {
    const server = await startRedis(options);
    started.push(server);
    return server;
  }

  beforeEach(async () => {
    started = [];
    directory = await mkdtemp(join(tmpdir(), 'local-servers-spec-'));
  });

  afterEach(async () => {
    await Promise.all(started.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  });

  it('keeps what was written, and never evicts', async () => {
    const options = { dataDirectory: join(directory, 'redis'), programDirectory: join(directory, 'programs') };
    const first = await start(options);
    const writer = new Redis(first.url);
    await writer.set('kept', 'it');
    writer.disconnect();
    await first.stop();

    const second = await start(options);
    const reader = new Redis(second.url);
    expect(await reader.get('kept')).toBe('it');
    expect(await reader.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    reader.disconnect();
  }, 30_000);

  it('gives several that start at once a port each', async () => {
    const servers = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        start({ dataDirectory: join(directory, String(n)), programDirectory: directory, durable: false }),
      ),
    );
    expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
  }, 30_000);

  it('says why it cannot start', async () => {
    const optionsFor = (name: string) => ({ dataDirectory: join(directory, name), programDirectory: directory });
    const first = await start(optionsFor('first'));

    await expect(start({ ...optionsFor('second'), port: first.port })).rejects.toThrow(/did not start on port/);
  }, 30_000);

  it('waits for a predecessor that is still ending, rather than share its folder', async () => {
    const options = { dataDirectory: join(directory, 'redis'), programDirectory: directory };
    const first = await start(options);
    const second = start(options);
    await first.stop();

    expect(new URL((await second).url).hostname).toBe('127.0.0.1');
  }, 30_000);
});
