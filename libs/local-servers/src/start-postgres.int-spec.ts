import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LocalServer } from './local-server.js';
import { type PostgresOptions, startPostgres } from './start-postgres.js';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('startPostgres', () => {
  let directory: string;
  let started: LocalServer[];

  /** Stopped at the end of the test, however it ends. */
  async function start(options: PostgresOptions): Promise<LocalServer> {
    const server = await startPostgres(options);
    started.push(server);
    return server;
  }

  beforeEach(async () => {
    started = [];
    directory = await mkdtemp(join(tmpdir(), 'local-servers-spec-'));
    // As root, PostgreSQL runs as another user, who must be able to walk through here.
    await chmod(directory, 0o711);
  });

  afterEach(async () => {
    await Promise.all(started.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  });

  it('keeps what was committed from one start to the next', async () => {
    const dataDirectory = join(directory, 'postgres');
    const first = await start({ dataDirectory });
    await query(first.url, 'create table kept as select 1 as it');
    await first.stop();

    const second = await start({ dataDirectory });
    expect(await query(second.url, 'select it from kept')).toEqual([{ it: 1 }]);
  }, 30_000);

  it('starts again after it was killed, though its lock names a process that lives', async () => {
    const dataDirectory = join(directory, 'postgres');
    const first = await start({ dataDirectory });
    await query(first.url, 'create table kept as select 1 as it');
    const lock = join(first.dataDirectory, 'cluster/postmaster.pid');
    const [pid, ...rest] = (await readFile(lock, 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    await first.exited;
    await writeFile(lock, [process.pid, ...rest].join('\n'));

    const second = await start({ dataDirectory });
    expect(await query(second.url, 'select it from kept')).toEqual([{ it: 1 }]);
  }, 30_000);

  it('asks for the password even on loopback', async () => {
    const server = await start({ dataDirectory: join(directory, 'postgres'), durable: false });
    const url = new URL(server.url);
    url.password = 'guess';

    await expect(query(url.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  }, 30_000);
});
