import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { createMigratedDatabase, createTestDatabase, type MigratedDatabase, waitFor } from '#libs/testing';
import { type Ended, ROTATE_KEYS, runToEnd } from '../../../test/support/run-to-end.js';
import { rowsByKey, type SealedAccount, sealAccounts, unopened } from '../../../test/support/sealed-accounts.js';

const ROWS = 450;
const newKey = (): string => randomBytes(32).toString('base64');

describe('npm run keys:rotate', () => {
  const [k1, k2, k3] = ['k1', 'k2', 'k3'].map((id) => `${id}:${newKey()}`) as [string, string, string];
  let database: MigratedDatabase;
  let accounts: readonly SealedAccount[];

  beforeEach(async () => {
    database = await createMigratedDatabase();
    accounts = await sealAccounts(database.postgres, k1, ROWS);
  });
  afterEach(() => database.drop());

  const start = (env: Record<string, string>, ...args: string[]) =>
    runToEnd(ROTATE_KEYS, { DATABASE_URL: database.url, ...env }, args);
  const rotate = (keys: string, ...args: string[]): Promise<Ended> => start({ MASTER_KEYS: keys }, ...args).ended;

  async function entriesPerRow(): Promise<readonly number[]> {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from audit_entries where action = 'credential.rewrap' group by account_id
    `.execute(database.postgres.db);
    return rows.map(({ count }) => count);
  }

  it('moves every row, tells which key can go, and has nothing to do the second time', async () => {
    const first = await rotate(`${k2},${k1}`);
    const second = await rotate(`${k2},${k1}`);

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toContain(`credentials: ${ROWS} re-wrapped.`);
    expect(first.stdout).toContain('Once every process has k2 first in its ring, k1 can be removed.');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).not.toContain('re-wrapped');
    expect(await rowsByKey(database.postgres)).toEqual({ k2: ROWS });
    expect(await unopened(database.postgres, k2, accounts)).toEqual([]);
    expect(await rotate(k2)).toMatchObject({ code: 0, stdout: expect.stringContaining('no key but k2') as string });
  });

  it('only reports with --report', async () => {
    const report = await rotate(`${k2},${k1}`, '--report');

    expect(report).toMatchObject({ code: 0, stderr: '' });
    expect(report.stdout).toContain(`k1 is still needed, for ${ROWS} credentials: keep it.`);
    expect(await rowsByKey(database.postgres)).toEqual({ k1: ROWS });
  });

  it('reads the ring from a file too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rotate-keys-'));
    const path = join(folder, 'ring');
    await writeFile(path, `${k2}\n${k1}\n`, { mode: 0o600 });
    const ended = await start({ MASTER_KEYS_FILE: path }).ended;
    await rm(folder, { recursive: true });

    expect(ended).toMatchObject({ code: 0 });
    expect(await rowsByKey(database.postgres)).toEqual({ k2: ROWS });
  });

  it('killed between a page and its audit entries, leaves whole pages behind; the next run does the rest', async () => {
    // Whoever writes into the log of this account waits, as for one that is being deleted.
    const { rows: place } = await sql<{ account_id: string }>`
      select account_id from credentials order by account_id offset 250 limit 1
    `.execute(database.postgres.db);
    const blocked = place[0]?.account_id;
    let release: () => void = () => undefined;
    const holding = database.postgres.transaction(async (tx) => {
      await sql`select from accounts where id = ${blocked} for update`.execute(tx);
      await new Promise<void>((resolve) => (release = resolve));
    });
    const run = start({ MASTER_KEYS: `${k2},${k1}` });
    await waitFor(
      async () => {
        const { rows } = await sql`
          select from pg_stat_activity
          where datname = current_database() and application_name like '%keys:rotate' and wait_event_type = 'Lock'
        `.execute(database.postgres.db);
        return rows.length > 0;
      },
      { timeoutMs: 30_000 },
    );
    run.kill();
    expect((await run.ended).code).toBeNull();
    release();
    await holding;

    expect(await rowsByKey(database.postgres)).toEqual({ k1: ROWS - 200, k2: 200 });
    expect(await entriesPerRow()).toEqual(Array.from({ length: 200 }, () => 1));
    expect(await unopened(database.postgres, `${k2},${k1}`, accounts)).toEqual([]);
    const next = await rotate(`${k2},${k1}`);
    expect(next.stdout).toContain(`credentials: ${ROWS - 200} re-wrapped.`);
    expect(await entriesPerRow()).toEqual(Array.from({ length: ROWS }, () => 1));
    expect(await unopened(database.postgres, k2, accounts)).toEqual([]);
  });

  it('may run twice at once: both end well, and each row is moved once', async () => {
    const both = await Promise.all([rotate(`${k2},${k1}`), rotate(`${k2},${k1}`)]);

    for (const ended of both) expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(await entriesPerRow()).toEqual(Array.from({ length: ROWS }, () => 1));
    expect(await unopened(database.postgres, k2, accounts)).toEqual([]);
  });

  it('ends with exit code 1 and names each row whose key the ring lacks, and moves the others', async () => {
    const strays = await sealAccounts(database.postgres, k3, 2);
    const ended = await rotate(`${k2},${k1}`);

    expect(ended.code).toBe(1);
    expect(ended.stderr.trim().split('\n')).toEqual(
      strays.map(({ accountId }) => `credentials: ${accountId} (version 1) needs k3, which the ring does not hold`),
    );
    expect(await rowsByKey(database.postgres)).toEqual({ k2: ROWS, k3: 2 });
    expect(await rotate(`${k2},${k1}`, '--report')).toMatchObject({ code: 1 });
  });

  it('names every fault of its settings at once, and what it does not understand', async () => {
    const bad = await runToEnd(ROTATE_KEYS, { DATABASE_URL: 'mysql://x', MASTER_KEYS: 'k1' }).ended;
    const neither = await start({}).ended;

    expect(bad.code).toBe(78);
    expect(bad.stderr).toMatch(/^DATABASE_URL must be .*\nMASTER_KEYS key 1 must be id:base64\n$/);
    expect(neither).toMatchObject({ code: 78, stderr: 'MASTER_KEYS or MASTER_KEYS_FILE is required\n' });
    expect(await rotate(k1, '--everything')).toMatchObject({ code: 2, stdout: '' });
  });

  it('touches no database whose schema is not its own', async () => {
    const empty = await createTestDatabase();
    const ended = await runToEnd(ROTATE_KEYS, { DATABASE_URL: empty.url, MASTER_KEYS: k1 }).ended;
    await empty.drop();

    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toContain('npm run db:migrate');
  });
});
