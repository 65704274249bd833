import { sql } from 'kysely';
import { SystemClock } from '#libs/clock';
import { Credentials, CredentialStore } from '#libs/credentials';
import { type AccountId, newId, type TenantId } from '#libs/ids';
import type { SystemPostgres } from '#libs/postgres';
import { EnvKeySource, KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';

/** An account that the cloud has never heard of, with a sealed credential whose key is `secret of <its id>`. */
export interface SealedAccount {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
}

const PAGE = 500;

function sealerOver(keys: string): Sealer {
  return new Sealer(new KeyRing(new EnvKeySource(keys).read()));
}

function credentialsOver(postgres: SystemPostgres, keys: string): Credentials {
  return new Credentials(postgres, new CredentialStore(), sealerOver(keys), new SystemClock());
}

/** Accounts of one new tenant, in their order, sealed as the service seals. */
export async function sealAccounts(
  postgres: SystemPostgres,
  keys: string,
  count: number,
): Promise<readonly SealedAccount[]> {
  const [tenantId, at] = [newId('ten'), new Date()];
  await sql`
    insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'sealed', ${at}, ${at})
  `.execute(postgres.db);
  const accounts = Array.from({ length: count }, () => ({ tenantId, accountId: newId('acc') }));
  const credentials = credentialsOver(postgres, keys);
  for (let from = 0; from < count; from += PAGE) {
    const page = accounts.slice(from, from + PAGE);
    await postgres.transaction(async (tx) => {
      await sql`
        insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
        select id, ${tenantId}, 'sealed', 'intl', '1', '1', 'arn', ${at}, ${at}
        from unnest(${page.map(({ accountId }) => accountId)}::text[]) as id
      `.execute(tx);
      for (const { accountId } of page) {
        const secretKey = new Secret(`secret of ${accountId}`);
        await credentials.create(tx, tenantId, accountId, { type: 'static', secretId: new Secret('AKID'), secretKey });
      }
    });
  }
  return accounts;
}

/** Which of them do not open with these keys, or open to something else. */
export async function unopened(
  postgres: SystemPostgres,
  keys: string,
  accounts: readonly SealedAccount[],
): Promise<readonly AccountId[]> {
  const credentials = credentialsOver(postgres, keys);
  const faults: AccountId[] = [];
  for (const { tenantId, accountId } of accounts) {
    const opened = await credentials.open(tenantId, accountId).catch(() => null);
    if (opened?.type !== 'static' || opened.secretKey.reveal() !== `secret of ${accountId}`) faults.push(accountId);
  }
  return faults;
}

/** Rows of every table by the master key that they need. */
export async function rowsByKey(postgres: SystemPostgres): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ key: string; count: number }>`
    select key, count(*) as count from (
      select master_key_id as key from credentials where master_key_id is not null
      union all select master_key_id from webhook_secrets
      union all select master_key_id from webhook_signing_keys
    ) as boxes group by key order by key
  `.execute(postgres.db);
  return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
}
