import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { AccountStore } from '#libs/accounts';
import { AuditStore, systemActor } from '#libs/audit';
import { SystemClock } from '#libs/clock';
import { CredentialBoxes, Credentials, CredentialStore } from '#libs/credentials';
import { type AccountId, newId, type TenantId, type WebhookEndpointId } from '#libs/ids';
import { type BoxTable, KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase, waitFor } from '#libs/testing';
import { SigningKeyBoxes, SigningKeys, SigningKeyStore, WebhookSecretBoxes, WebhookSecretStore } from '#libs/webhooks';
import { KeyRotation, type TableUse } from './key-rotation.js';

const ACCOUNTS = 350;
const ENDPOINTS = 230;
const masterKey = (id: string) => ({ id, material: new Secret(randomBytes(32).toString('base64')) });

interface Row {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
}

describe('KeyRotation', () => {
  const [first, second, third] = [masterKey('k1'), masterKey('k2'), masterKey('k3')];
  const clock = new SystemClock();
  const [audit, store, secretStore] = [new AuditStore(), new CredentialStore(), new WebhookSecretStore()];
  let database: MigratedDatabase;
  let rows: Row[];

  const sealerOf = (...keys: (typeof first)[]): Sealer => new Sealer(new KeyRing(keys));
  const credentialsOver = (...keys: (typeof first)[]): Credentials =>
    new Credentials(database.postgres, store, sealerOf(...keys), clock);
  const boxesOver = (...keys: (typeof first)[]): readonly BoxTable[] => [
    new CredentialBoxes(database.postgres, store, sealerOf(...keys), audit, clock),
    new WebhookSecretBoxes(database.postgres, secretStore, sealerOf(...keys), audit, clock),
    new SigningKeyBoxes(database.postgres, new SigningKeyStore(), sealerOf(...keys), audit, clock),
  ];
  const rotationOver = (...keys: (typeof first)[]): KeyRotation =>
    new KeyRotation(
      boxesOver(...keys),
      keys.map(({ id }) => id),
    );
  const rotate = (...keys: (typeof first)[]): Promise<readonly TableUse[]> =>
    rotationOver(...keys).run(() => undefined);

  beforeEach(async () => {
    database = await createMigratedDatabase();
    rows = await seal(ACCOUNTS);
    await sealEndpoints(ENDPOINTS);
  });
  afterEach(() => database.drop());

  async function newTenant(): Promise<TenantId> {
    const [id, at] = [newId('ten'), clock.now()];
    await sql`insert into tenants (id, name, created_at, updated_at) values (${id}, 'spec', ${at}, ${at})`.execute(
      database.postgres.db,
    );
    return id;
  }

  async function seal(count: number, by = first): Promise<Row[]> {
    const tenantId = await newTenant();
    const made: Row[] = [];
    await database.postgres.transaction(async (tx) => {
      for (let n = 0; n < count; n += 1) {
        const [accountId, at] = [newId('acc'), clock.now()];
        await sql`
          insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
          values (${accountId}, ${tenantId}, 'spec', 'intl', '1', '1', 'arn', ${at}, ${at})
        `.execute(tx);
        await credentialsOver(by).create(tx, tenantId, accountId, orderOf(`${accountId} 1`));
        made.push({ tenantId, accountId });
      }
    });
    return made;
  }

  /** Two secrets each, as while one replaces the other. */
  async function sealEndpoints(count: number): Promise<void> {
    const tenantId = await newTenant();
    const sealer = sealerOf(first);
    await database.postgres.transaction(async (tx) => {
      for (let n = 0; n < count; n += 1) {
        const [id, at] = [newId('whe'), clock.now()];
        await sql`
          insert into webhook_endpoints (id, tenant_id, url, created_at, updated_at)
          values (${id}, ${tenantId}, 'https://example.com', ${at}, ${at})
        `.execute(tx);
        for (const version of [1, 2]) {
          const box = sealer.seal(new Secret(`${id} ${version}`), [tenantId, id, 'webhookSecret', String(version)]);
          await secretStore.expire(tx, { id, tenantId }, new Date(at.getTime() + 60_000));
          await secretStore.insert(tx, { id, tenantId }, { version, box }, at);
        }
      }
    });
  }

  function orderOf(value: string) {
    return { type: 'static', secretId: new Secret(`id of ${value}`), secretKey: new Secret(value) } as const;
  }

  async function valueOf({ tenantId, accountId }: Row, ...keys: (typeof first)[]): Promise<string | null> {
    const opened = await credentialsOver(...keys).open(tenantId, accountId);
    return opened.type === 'static' ? opened.secretKey.reveal() : null;
  }

  /** As an account's credential is replaced, or goes with the account: the account's row first, the credential's next. */
  async function change(row: Row, work: 'replace' | 'delete', value = ''): Promise<void> {
    await database.postgres.transaction(async (tx) => {
      if ((await new AccountStore().findForUpdate(tx, row.tenantId, row.accountId)) === null) return;
      const credentials = credentialsOver(second, first);
      if (work === 'replace') await credentials.replace(tx, row.tenantId, row.accountId, orderOf(value));
      else await credentials.destroy(tx, row.tenantId, row.accountId);
      const entry = {
        ...row,
        actor: systemActor('spec'),
        action: work === 'replace' ? 'credential.rotate' : 'credential.destroy',
        target: { type: 'credential', id: row.accountId },
        outcome: 'success',
        requestId: null,
        upstream: null,
        detail: {},
      } as const;
      await audit.append(tx, entry, clock.now());
    });
  }

  async function entries(): Promise<readonly { action: string; target: string; detail: Record<string, unknown> }[]> {
    const { rows: found } = await sql<{ action: string; target: string; detail: Record<string, unknown> }>`
      select action, target ->> 'id' as target, detail from audit_entries
      where actor ->> 'name' = 'keys:rotate' order by position
    `.execute(database.postgres.db);
    return found;
  }

  it('moves every credential and every signing secret to the current key, so that the old one can go', async () => {
    const [credentials, secrets] = await rotate(second, first);

    expect(credentials).toMatchObject({ rewrapped: ACCOUNTS, keyless: [], refused: [] });
    expect(secrets).toMatchObject({ rewrapped: 2 * ENDPOINTS, keyless: [], refused: [] });
    expect([...(credentials?.rowsByKey ?? [])]).toEqual([['k2', ACCOUNTS]]);
    expect([...(secrets?.rowsByKey ?? [])]).toEqual([['k2', 2 * ENDPOINTS]]);
    for (const row of rows) expect(await valueOf(row, second)).toBe(`${row.accountId} 1`);
    const { rows: endpoints } = await sql<{ id: WebhookEndpointId; tenantId: TenantId }>`
      select id, tenant_id as "tenantId" from webhook_endpoints
    `.execute(database.postgres.db);
    for (const { id, tenantId } of endpoints) {
      const sealed = await secretStore.listSigning(database.postgres.db, { id, tenantId }, clock.now());
      const values = sealed.map(({ version, box }) =>
        sealerOf(second)
          .open(box, [tenantId, id, 'webhookSecret', String(version)])
          .reveal(),
      );
      expect(values).toEqual([`${id} 2`, `${id} 1`]);
    }
  });

  it('writes one entry for each row, with both keys, into the log of its account or tenant', async () => {
    await rotate(second, first);
    await rotate(second, first);
    const written = await entries();
    const ofCredentials = written.filter(({ action }) => action === 'credential.rewrap');
    const ofSecrets = written.filter(({ action }) => action === 'webhook_endpoint.rewrap_secret');

    expect(ofCredentials.map(({ target }) => target).sort()).toEqual(rows.map(({ accountId }) => accountId).sort());
    expect(ofSecrets).toHaveLength(2 * ENDPOINTS);
    expect(ofCredentials[0]?.detail).toEqual({ type: 'static', version: 1, fromKey: 'k1', toKey: 'k2' });
    const [row] = rows;
    const log = await audit.list(database.postgres.db, row!, {}, { afterPosition: 0, limit: 10 });
    expect(log).toMatchObject([{ action: 'credential.rewrap', actor: { type: 'system', name: 'keys:rotate' } }]);
  });

  it('moves the keys that the service itself signs with, and tells of them in the log of the operators', async () => {
    const signingKeys = (...keys: (typeof first)[]) =>
      new SigningKeys(database.postgres, new SigningKeyStore(), sealerOf(...keys), audit, clock);
    await signingKeys(first).published();
    const { before, key } = await signingKeys(first).replace();
    const [, , moved] = await rotate(second, first);

    expect(moved).toMatchObject({ table: 'webhook_signing_keys', rewrapped: 2, keyless: [], refused: [] });
    expect([...(moved?.rowsByKey ?? [])]).toEqual([['k2', 2]]);
    for (const at of [clock.now(), key.signsFrom])
      expect(await signingKeys(second).open(database.postgres.db, at)).toMatchObject({ kind: 'open' });
    const written = (await entries()).filter(({ action }) => action === 'webhook_signing_key.rewrap');
    expect(written.map(({ target }) => target).sort()).toEqual([...before, key].map(({ id }) => id).sort());
    expect(written[0]?.detail).toEqual({ fromKey: 'k1', toKey: 'k2' });
  });

  it('overwrites no credential that is replaced meanwhile, and brings none back that is deleted', async () => {
    const expected = new Map<AccountId, string | null>(rows.map(({ accountId }) => [accountId, `${accountId} 1`]));
    const isOver = new AbortController();
    const caller = async (offset: number): Promise<void> => {
      for (let n = 0; !isOver.signal.aborted || n < 40; n += 1) {
        const row = rows[(offset + n * 7) % rows.length]!;
        if (expected.get(row.accountId) === null) continue;
        // Each caller has rows of its own, so it knows which value is the last one.
        const value = n % 5 === 4 ? null : `${row.accountId} by ${offset} ${n}`;
        await change(row, value === null ? 'delete' : 'replace', value ?? '');
        expected.set(row.accountId, value);
        if (n > 400) return;
      }
    };
    const callers = [0, 1, 2, 3, 4, 5, 6].map(caller);
    const uses = await rotate(second, first).finally(() => isOver.abort());
    await Promise.all(callers);
    await rotate(second, first);

    expect(uses[0]).toMatchObject({ keyless: [], refused: [] });
    for (const row of rows) {
      const value = expected.get(row.accountId);
      if (value === null) await expect(valueOf(row, second)).rejects.toThrow('there is no credential');
      else expect(await valueOf(row, second)).toBe(value);
    }
  });

  it('shares the work between two at once: each row is moved once, and neither fails', async () => {
    const uses = await Promise.all([rotate(second, first), rotate(second, first)]);
    const moved = uses.flat().reduce((sum, { rewrapped }) => sum + rewrapped, 0);

    expect(moved).toBe(ACCOUNTS + 2 * ENDPOINTS);
    expect(await entries()).toHaveLength(moved);
    expect(new Set(uses.flat().flatMap((use) => [...use.rowsByKey.keys()]))).toEqual(new Set(['k2']));
  });

  it('ends with one key though two run towards different ones, and every box still opens', async () => {
    await Promise.all([rotate(second, first), rotate(third, first)]);
    const [credentials] = await rotate(third, second, first);

    expect([...(credentials?.rowsByKey ?? [])]).toEqual([['k3', ACCOUNTS]]);
    for (const row of rows) expect(await valueOf(row, third)).toBe(`${row.accountId} 1`);
  });

  it('goes on where one before it stopped', async () => {
    const [credentials] = boxesOver(second, first);
    for await (const page of credentials!.rewrap(['k1'], 100)) {
      expect(page).toEqual({ rewrapped: 100, refused: [], last: expect.any(String) as string });
      break;
    }
    const [use] = await rotate(second, first);

    expect(use).toMatchObject({ rewrapped: ACCOUNTS - 100 });
    expect([...(use?.rowsByKey ?? [])]).toEqual([['k2', ACCOUNTS]]);
  });

  it('comes back to a row that somebody held', async () => {
    const [held] = rows;
    let release: () => void = () => undefined;
    const holding = database.postgres.transaction(async (tx) => {
      await store.findForUpdate(tx, held!.tenantId, held!.accountId);
      await new Promise<void>((resolve) => (release = resolve));
    });
    const rotating = rotate(second, first);
    await waitFor(async () => (await store.countByMasterKey(database.postgres.db)).get('k2') === ACCOUNTS - 1);
    release();
    await holding;

    const [use] = await rotating;
    expect([...(use?.rowsByKey ?? [])]).toEqual([['k2', ACCOUNTS]]);
  });

  it('names the rows that it cannot move, and moves all others', async () => {
    const strays = await seal(3, third);
    const [moved, other] = rows;
    await sql`
      update credentials set box = (select box from credentials where account_id = ${other!.accountId})
      where account_id = ${moved!.accountId}
    `.execute(database.postgres.db);
    const [use] = await rotate(second, first);

    expect(use?.keyless).toEqual(
      strays.map(({ accountId }) => ({ name: `${accountId} (version 1)`, masterKeyId: 'k3' })),
    );
    expect(use?.refused).toEqual([{ name: `${moved!.accountId} (version 1)`, masterKeyId: 'k1' }]);
    expect(use?.rewrapped).toBe(ACCOUNTS - 1);
    expect(Object.fromEntries(use?.rowsByKey ?? [])).toEqual({ k1: 1, k2: ACCOUNTS - 1, k3: 3 });
  });

  it('only reports when it is asked to', async () => {
    const [use] = await rotationOver(second, first).report();

    expect(use).toMatchObject({ table: 'credentials', rewrapped: 0 });
    expect([...(use?.rowsByKey ?? [])]).toEqual([['k1', ACCOUNTS]]);
    expect(await entries()).toEqual([]);
  });
});
