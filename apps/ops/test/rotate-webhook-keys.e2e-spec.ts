import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { type Ended, ROTATE_WEBHOOK_KEYS, runToEnd } from '../../../test/support/run-to-end.js';

interface KeyRow {
  readonly id: string;
  readonly hours: number;
  readonly publishedHours: number | null;
}

describe('npm run webhook-keys:rotate', () => {
  const masterKeys = `k1:${randomBytes(32).toString('base64')}`;
  let database: MigratedDatabase;

  beforeEach(async () => {
    database = await createMigratedDatabase();
  });
  afterEach(() => database.drop());

  const run = (...args: string[]): Promise<Ended> =>
    runToEnd(ROTATE_WEBHOOK_KEYS, { DATABASE_URL: database.url, MASTER_KEYS: masterKeys }, args).ended;

  /** The oldest first, with the hours from making it to its first signature and to its end. */
  async function keys(): Promise<readonly KeyRow[]> {
    const { rows } = await sql<KeyRow>`
      select id, extract(epoch from signs_from - created_at)::int / 3600 as hours,
        extract(epoch from published_until - signs_from)::int / 3600 as "publishedHours"
      from webhook_signing_keys order by created_at
    `.execute(database.postgres.db);
    return rows;
  }

  it('makes the first key, then one that signs an hour later, and refuses to begin anew before that', async () => {
    const [first, second, third] = [await run(), await run(), await run()];
    const [old, key] = await keys();

    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain(`Published: ${key?.id} (whpk_`);
    expect(second.stdout).toContain(`${old?.id} signs until then, and is published until `);
    expect(third).toMatchObject({ code: 1, stderr: '' });
    expect(third.stdout).toContain(`a new key is published already. ${key?.id} `);
    expect(await keys()).toMatchObject([
      { hours: 0, publishedHours: 49 },
      { hours: 1, publishedHours: null },
    ]);
    expect(first.stdout + second.stdout + third.stdout).not.toContain('whsk_');
  });

  it('destroys what there is with --at-once, and the new key signs', async () => {
    await run();
    const [leaked] = await keys();
    const ended = await run('--at-once');
    const left = await keys();

    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain(`${leaked?.id} is destroyed, and published no longer.`);
    expect(left).toMatchObject([{ hours: 0, publishedHours: null }]);
    expect(left[0]?.id).not.toBe(leaked?.id);
  });

  it('says what it does not understand, and changes nothing', async () => {
    expect(await run('--now')).toMatchObject({ code: 2, stdout: '' });
    expect(await keys()).toEqual([]);
  });
});
