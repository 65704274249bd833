import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from './start-redis.js';

describe('startRedis', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'local-servers-spec-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('keeps what was written, and never evicts', async () => {
    const options = { dataDirectory: join(directory, 'redis'), programDirectory: join(directory, 'programs') };
    const first = await startRedis(options);
    const writer = new Redis(first.url);
    await writer.set('kept', 'it');
    writer.disconnect();
    await first.stop();

    const second = await startRedis(options);
    const reader = new Redis(second.url);
    expect(await reader.get('kept')).toBe('it');
    expect(await reader.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    reader.disconnect();
    await second.stop();
  }, 30_000);

  it('gives several that start at once a port each', async () => {
    const servers = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        startRedis({ dataDirectory: join(directory, String(n)), programDirectory: directory, durable: false }),
      ),
    );
    expect(new Set(servers.map(({ port }) => port)).size).toBe(4);
    await Promise.all(servers.map((server) => server.stop()));
  }, 30_000);

  it('says in one line why it cannot start', async () => {
    const redis = { dataDirectory: directory, programDirectory: directory, durable: false };
    const first = await startRedis(redis);

    await expect(startRedis({ ...redis, port: first.port })).rejects.toThrow(/did not start on port/);
    await first.stop();
  }, 30_000);
});
