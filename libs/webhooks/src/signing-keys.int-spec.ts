import { sql } from 'kysely';
import { AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { Postgres } from '#libs/postgres';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { SigningKeyStore } from './signing-key.store.js';
import { SigningKeys } from './signing-keys.service.js';

const HOUR_MS = 3_600_000;
const sealerOf = (byte: number, id = 'k1'): Sealer =>
  new Sealer(new KeyRing([{ id, material: new Secret(Buffer.alloc(32, byte).toString('base64')) }]));

describe('SigningKeys', () => {
  const store = new SigningKeyStore();
  let clock: ManualClock;
  let database: MigratedDatabase;
  let gateway: Postgres;
  let keys: SigningKeys;

  beforeEach(async () => {
    database = await createMigratedDatabase();
    gateway = new Postgres(new Secret(database.url), { connectionsMax: 8 });
    clock = new ManualClock();
    keys = keysOver(gateway);
  });
  afterEach(async () => {
    await gateway.close();
    await database.drop();
  });

  function keysOver(postgres: Postgres, sealer = sealerOf(1)): SigningKeys {
    return new SigningKeys(postgres, store, sealer, new AuditStore(), clock);
  }

  const publishedIds = async (): Promise<readonly string[]> => (await keys.published()).map(({ id }) => id);
  const rows = async () => (await sql`select * from webhook_signing_keys`.execute(database.postgres.db)).rows;

  /** Which of the keys signs now, by what opens. */
  async function signing(at = clock.now()): Promise<string> {
    const opened = await keys.open(database.postgres.db, at);
    return opened.kind === 'open' ? opened.privateKey.reveal() : opened.kind;
  }

  it('makes one key, however many processes of both kinds need the first at once', async () => {
    const workers = keysOver(database.postgres);
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, () => keys.published()),
      ...Array.from({ length: 6 }, async () => {
        await workers.open(database.postgres.db, clock.now());
        return keys.published();
      }),
    ]);

    expect(await rows()).toHaveLength(1);
    expect(new Set(answers.map((published) => JSON.stringify(published))).size).toBe(1);
    const { rows: entries } = await sql<{ action: string; tenant_id: string | null }>`
      select action, tenant_id from audit_entries
    `.execute(database.postgres.db);
    expect(entries).toEqual([{ action: 'webhook_signing_key.create', tenant_id: null }]);
  });

  it('keeps the private half sealed, bound to the key and to its public half', async () => {
    await keys.published();
    const secret = await signing();
    expect(JSON.stringify(await rows())).not.toContain(secret.slice('whsk_'.length));

    await sql`update webhook_signing_keys set public_key = 'whpk_other'`.execute(database.postgres.db);
    expect(await signing()).toBe('unopenable');
  });

  it('tells of a master key that is gone', async () => {
    await keys.published();
    const opened = await keysOver(database.postgres, sealerOf(2, 'k2')).open(database.postgres.db, clock.now());
    expect(opened).toMatchObject({ kind: 'unopenable', fault: { masterKeyId: 'k1' } });
  });

  it('publishes a new key an hour before it signs, and the old one for two days after', async () => {
    const [old] = await publishedIds();
    const before = await signing();
    const { kind, key } = await keys.replace();

    expect(kind).toBe('replaced');
    expect(await publishedIds()).toEqual([key.id, old]);
    clock.advance(HOUR_MS - 1);
    expect(await signing()).toBe(before);
    clock.advance(1);
    expect(await signing()).not.toBe(before);
    clock.advance(48 * HOUR_MS - 1);
    expect(await publishedIds()).toEqual([key.id, old]);
    expect(await store.destroyUnpublished(database.postgres.db, clock.now())).toBe(0);
    clock.advance(1);
    expect(await publishedIds()).toEqual([key.id]);
    expect(await store.destroyUnpublished(database.postgres.db, clock.now())).toBe(1);
    expect(await rows()).toHaveLength(1);
  });

  it('begins no second replacement before the first one signs, even where two are asked for at once', async () => {
    await keys.published();
    const both = await Promise.all([keys.replace(), keys.replace()]);

    expect(both.map(({ kind }) => kind).sort()).toEqual(['pending', 'replaced']);
    expect(both[0]?.key.id).toBe(both[1]?.key.id);
    clock.advance(HOUR_MS);
    expect(await keys.replace()).toMatchObject({ kind: 'replaced', before: [{ id: both[0]?.key.id }] });
  });

  it('destroys every key that somebody else may know at once, one that does not sign yet included', async () => {
    const [old] = await publishedIds();
    const leaked = await signing();
    const { key: pending } = await keys.replace();
    const { key, before } = await keys.replaceAtOnce();

    expect(await publishedIds()).toEqual([key.id]);
    expect(new Set(before.map(({ id }) => id))).toEqual(new Set([old, pending.id]));
    expect(await signing()).not.toBe(leaked);
    expect(await rows()).toHaveLength(1);
  });

  it('makes the first key where there is none to replace, and it signs at once', async () => {
    const { kind, key, before } = await keys.replace();

    expect({ kind, before }).toEqual({ kind: 'replaced', before: [] });
    expect(key.signsFrom).toEqual(clock.now());
    expect(await publishedIds()).toEqual([key.id]);
  });
});
