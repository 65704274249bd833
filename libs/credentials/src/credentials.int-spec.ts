import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { ManualClock } from '#libs/clock';
import { type AccountId, newId, type TenantId } from '#libs/ids';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { CredentialStore } from './credential.store.js';
import { CredentialMissing, CredentialUnopenable } from './credentials.errors.js';
import { Credentials } from './credentials.service.js';

const masterKey = (id: string) => ({ id, material: new Secret(randomBytes(32).toString('base64')) });
const ORDER = {
  type: 'static',
  secretId: new Secret('AKIDexampleexamplewxyz'),
  secretKey: new Secret('canary-secret-key'),
} as const;

describe('Credentials', () => {
  const clock = new ManualClock();
  const [first, second] = [masterKey('k1'), masterKey('k2')];
  let database: MigratedDatabase;
  let credentials: Credentials;

  const over = (...keys: (typeof first)[]): Credentials =>
    new Credentials(database.postgres, new CredentialStore(), new Sealer(new KeyRing(keys)), clock);

  beforeAll(async () => {
    database = await createMigratedDatabase();
    credentials = over(first);
  });
  afterAll(() => database.drop());

  async function newAccount(): Promise<{ tenantId: TenantId; accountId: AccountId }> {
    const [tenantId, accountId, at] = [newId('ten'), newId('acc'), clock.now()];
    const { db } = database.postgres;
    await sql`
      insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${at}, ${at})
    `.execute(db);
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${accountId}, ${tenantId}, 'spec', 'intl', '1', '1', 'arn', ${at}, ${at})
    `.execute(db);
    return { tenantId, accountId };
  }

  async function sealed() {
    const { tenantId, accountId } = await newAccount();
    await database.postgres.transaction((tx) => credentials.create(tx, tenantId, accountId, ORDER));
    return { tenantId, accountId };
  }

  it('of a role have nothing to seal, and change places with a key', async () => {
    const { tenantId, accountId } = await newAccount();
    const role = { type: 'assumeRole', roleArn: 'qcs::cam::uin/1:roleName/x', externalId: 'ours' } as const;
    const { postgres } = database;
    const summary = await postgres.transaction((tx) => credentials.create(tx, tenantId, accountId, role));

    expect(summary).toMatchObject({ ...role, version: 1, secretIdHint: null });
    expect(await credentials.open(tenantId, accountId)).toEqual({ ...role, version: 1 });
    await postgres.transaction((tx) => credentials.replace(tx, tenantId, accountId, ORDER));
    expect(await credentials.open(tenantId, accountId)).toMatchObject({ type: 'static', version: 2 });
    const again = await postgres.transaction((tx) => credentials.replace(tx, tenantId, accountId, role));
    expect(again).toMatchObject({ ...role, version: 3, secretIdHint: null });
    const { rows } = await sql<{ box: unknown; master_key_id: unknown }>`
      select box, master_key_id from credentials where account_id = ${accountId}
    `.execute(postgres.db);
    expect(rows).toEqual([{ box: null, master_key_id: null }]);
  });

  it('open for their account, and show no more than a hint before', async () => {
    const { tenantId, accountId } = await sealed();
    const opened = await credentials.open(tenantId, accountId);
    const summaries = await credentials.summaries(database.postgres.db, tenantId, [accountId]);

    expect(opened.type === 'static' && [opened.secretId.reveal(), opened.secretKey.reveal()]).toEqual([
      'AKIDexampleexamplewxyz',
      'canary-secret-key',
    ]);
    expect(summaries.get(accountId)).toEqual({
      type: 'static',
      secretIdHint: 'AKID…wxyz',
      roleArn: null,
      externalId: null,
      version: 1,
      rotatedAt: clock.now(),
    });
  });

  it('leave no part of a secret in the table', async () => {
    await sealed();
    const { rows } = await sql`select * from credentials`.execute(database.postgres.db);

    expect(JSON.stringify(rows)).not.toMatch(/canary|exampleexample/);
  });

  it('do not open for another tenant, nor from a row that they were copied to', async () => {
    const [mine, other] = [await sealed(), await sealed()];

    await expect(credentials.open(other.tenantId, mine.accountId)).rejects.toThrow(CredentialMissing);
    await sql`
      update credentials set box = (select box from credentials where account_id = ${mine.accountId})
      where account_id = ${other.accountId}
    `.execute(database.postgres.db);
    await expect(credentials.open(other.tenantId, other.accountId)).rejects.toThrow(CredentialUnopenable);
  });

  it('count their versions up, and an older box does not pass for the newer one', async () => {
    const { tenantId, accountId } = await sealed();
    const { rows } = await sql<{ box: unknown }>`
      select box from credentials where account_id = ${accountId}
    `.execute(database.postgres.db);
    const next = { ...ORDER, secretKey: new Secret('the next one') };
    const rotated = await database.postgres.transaction((tx) => credentials.replace(tx, tenantId, accountId, next));
    expect(rotated.version).toBe(2);

    const opened = await credentials.open(tenantId, accountId);
    expect(opened.type === 'static' && opened.secretKey.reveal()).toBe('the next one');
    await sql`
      update credentials set box = ${JSON.stringify(rows[0]?.box)} where account_id = ${accountId}
    `.execute(database.postgres.db);
    await expect(credentials.open(tenantId, accountId)).rejects.toThrow(CredentialUnopenable);
  });

  it('give every one of two rotations at once a version of its own', async () => {
    const { tenantId, accountId } = await sealed();
    const rotate = () => database.postgres.transaction((tx) => credentials.replace(tx, tenantId, accountId, ORDER));
    const versions = (await Promise.all([rotate(), rotate(), rotate()])).map(({ version }) => version);

    expect(versions.sort((one, other) => one - other)).toEqual([2, 3, 4]);
    expect(await credentials.open(tenantId, accountId)).toMatchObject({ version: 4 });
  });

  it('open with an older master key as long as the ring has it', async () => {
    const { tenantId, accountId } = await sealed();

    expect(await over(second, first).open(tenantId, accountId)).toMatchObject({ version: 1 });
    const refused = over(second).open(tenantId, accountId);
    await expect(refused).rejects.toThrow(CredentialUnopenable);
    await expect(refused).rejects.toMatchObject({ accountId, missingKeyId: 'k1' });
    await expect(refused).rejects.toThrow(
      `the credential of ${accountId} does not open: the key ring has no master key "k1"`,
    );
  });

  it('never say of their row another master key than of their boxes', async () => {
    const { accountId } = await sealed();

    await expect(
      sql`update credentials set master_key_id = 'k9' where account_id = ${accountId}`.execute(database.postgres.db),
    ).rejects.toThrow('credentials_master_key_check');
  });

  it('open from no other row, field or version, whichever of them is moved', async () => {
    const { db } = database.postgres;
    const { tenantId } = await newAccount();
    const rows = await Promise.all(Array.from({ length: 8 }, () => sealed()));
    const target = rows[0]!;
    const { rows: stored } = await sql<{ account_id: AccountId; box: Record<string, unknown> }>`
      select account_id, box from credentials where account_id in (${sql.join(rows.map((row) => row.accountId))})
    `.execute(db);
    const own = stored.find((row) => row.account_id === target.accountId)!.box;
    const foreign = stored.filter((row) => row.account_id !== target.accountId).map((row) => row.box);
    const moves = [
      ...foreign,
      ...foreign.map((box) => ({ ...own, secretId: box['secretId'] })),
      ...foreign.map((box) => ({ ...own, secretKey: box['secretKey'] })),
      { secretId: own['secretKey'], secretKey: own['secretId'] },
      { ...own, secretId: own['secretKey'] },
      { ...own, secretKey: own['secretId'] },
    ];

    for (const box of moves) {
      await sql`update credentials set box = ${JSON.stringify(box)} where account_id = ${target.accountId}`.execute(db);
      await expect(credentials.open(target.tenantId, target.accountId)).rejects.toThrow(CredentialUnopenable);
    }
    await sql`update credentials set box = ${JSON.stringify(own)} where account_id = ${target.accountId}`.execute(db);
    expect(await credentials.open(target.tenantId, target.accountId)).toMatchObject({ version: 1 });
    await sql`update credentials set version = 2 where account_id = ${target.accountId}`.execute(db);
    await expect(credentials.open(target.tenantId, target.accountId)).rejects.toThrow(CredentialUnopenable);
    await sql`
      update credentials set version = 1, tenant_id = ${tenantId} where account_id = ${target.accountId}
    `.execute(db);
    await expect(credentials.open(tenantId, target.accountId)).rejects.toThrow(CredentialUnopenable);
  });

  it('are gone for good once destroyed', async () => {
    const { tenantId, accountId } = await sealed();
    await database.postgres.transaction((tx) => credentials.destroy(tx, tenantId, accountId));

    await expect(credentials.open(tenantId, accountId)).rejects.toThrow(CredentialMissing);
  });
});
