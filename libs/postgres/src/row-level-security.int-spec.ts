import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { newId, type TenantId } from '#libs/ids';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, createTestDatabase, type MigratedDatabase } from '#libs/testing';
import { validEvent } from '../../../test/support/valid-events.js';
import { SchemaBehind } from './migrations.js';
import { Postgres, SystemPostgres } from './postgres.js';

/** Each table with tenants' rows, and what names the tenant of one. */
const TENANT_OF = {
  tenants: 'id',
  api_keys: 'tenant_id',
  accounts: 'tenant_id',
  credentials: 'tenant_id',
  image_requests: 'tenant_id',
  attempts: 'tenant_id',
  events: 'tenant_id',
  event_sequences: 'tenant_id',
  webhook_endpoints: 'tenant_id',
  webhook_secrets: 'tenant_id',
  webhook_deliveries: 'tenant_id',
  webhook_dispatches: 'tenant_id',
  webhook_attempts: '(select tenant_id from webhook_deliveries where id = delivery_id)',
  audit_entries: 'tenant_id',
} as const;
/** Tables of the service itself: no tenant has rows in them, and none may read them. */
const OF_NO_TENANT = ['webhook_signing_keys'];
const TABLES = Object.keys(TENANT_OF) as (keyof typeof TENANT_OF)[];
/** The relay's alone: no tenant reads how far its sequence has come. */
const SEEN_BY_TENANTS = TABLES.filter((table) => table !== 'event_sequences');

describe('Row-level security', () => {
  let database: MigratedDatabase;
  let apps: Postgres;
  let one: TenantId;
  let other: TenantId;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    apps = new Postgres(new Secret(database.url), { connectionsMax: 1 });
    [one, other] = [await tenantWithEverything(), await tenantWithEverything()];
  });
  afterAll(async () => {
    await apps.close();
    await database.drop();
  });

  async function tenantWithEverything(): Promise<TenantId> {
    const [tenant, account, request, event] = [newId('ten'), newId('acc'), newId('ireq'), newId('evt')];
    const [endpoint, delivery] = [newId('whe'), newId('whd')];
    const { data } = validEvent('image_request.queued', { tenantId: tenant, accountId: account }, request);
    await sql
      .raw(
        `
        insert into tenants (id, name, created_at, updated_at) values ('${tenant}', 'spec', now(), now());
        insert into api_keys (id, tenant_id, name, scopes, prefix, hash, created_at)
          values ('${newId('key')}', '${tenant}', 'spec', '{}', 'cvmk_', '\\x${randomBytes(32).toString('hex')}', now());
        insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
          values ('${account}', '${tenant}', 'spec', 'intl', '1', '1', 'arn', now(), now());
        insert into credentials (account_id, tenant_id, type, version, rotated_at)
          values ('${account}', '${tenant}', 'assumeRole', 1, now());
        insert into image_requests (id, tenant_id, account_id, region, image_name, instance_id, snapshot_ids,
            data_disk_ids, force_poweroff, sysprep, dry_run, tags, priority, metadata, requested_by, status, created_at,
            updated_at)
          values ('${request}', '${tenant}', '${account}', 'ap-guangzhou', 'spec', 'ins-00000001', '{}', '{}', false,
            false, false, '[]', 5, '{}', 'spec', 'queued', now(), now());
        insert into attempts (id, image_request_id, tenant_id, number, endpoint, region, lane, started_at, token_wait_ms)
          values ('${newId('att')}', '${request}', '${tenant}', 1, 'host', 'ap-guangzhou', 'lane', now(), 0);
        insert into events (id, tenant_id, account_id, type, subject, data, created_at)
          values ('${event}', '${tenant}', '${account}', 'image_request.queued', '${request}', '${JSON.stringify(data)}', now());
        insert into event_sequences values ('${tenant}', 1);
        insert into webhook_endpoints (id, tenant_id, url, created_at, updated_at)
          values ('${endpoint}', '${tenant}', 'https://example.com', now(), now());
        insert into webhook_secrets (endpoint_id, tenant_id, version, master_key_id, box, created_at)
          values ('${endpoint}', '${tenant}', 1, 'k1', '{}', now());
        insert into webhook_dispatches (endpoint_id, tenant_id) values ('${endpoint}', '${tenant}');
        insert into webhook_deliveries (id, tenant_id, endpoint_id, event_id, event_type, subject, event_position, status,
            created_at)
          values ('${delivery}', '${tenant}', '${endpoint}', '${event}', 'image_request.queued', '${request}', 1,
            'pending', now());
        insert into webhook_attempts (delivery_id, number, at, duration_ms) values ('${delivery}', 1, now(), 1);
        insert into audit_entries (id, tenant_id, at, actor, action, target, outcome, detail)
          values ('${newId('aud')}', '${tenant}', now(), '{}', 'spec', '{}', 'success', '{}');
        `,
      )
      .execute(database.postgres.db);
    return tenant;
  }

  const tenantsIn = (table: keyof typeof TENANT_OF) =>
    sql<{ tenant: TenantId }>`select distinct ${sql.raw(TENANT_OF[table])} as tenant from ${sql.table(table)}`;

  const deniedOr = async (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => (error as { code?: string }).code);

  it('covers every table of the schema', async () => {
    const { rows } = await sql<{ table: string; secured: boolean; policies: readonly string[] }>`
      select c.relname as table, c.relrowsecurity as secured,
        array(select polname::text from pg_policy where polrelid = c.oid order by polname) as policies
      from pg_class as c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not like 'kysely%'
    `.execute(database.postgres.db);

    expect(rows.map(({ table }) => table).sort()).toEqual([...TABLES, ...OF_NO_TENANT].sort());
    for (const row of rows) {
      const policies = OF_NO_TENANT.includes(row.table) ? ['all_rows'] : ['all_rows', 'rows_of_tenant'];
      expect(row).toMatchObject({ secured: true, policies });
    }
  });

  it.each(SEEN_BY_TENANTS)(
    'shows a tenant its own rows of %s and no other, though the query names nobody',
    async (table) => {
      const { rows } = await apps.asTenant(one, (tx) => tenantsIn(table).execute(tx));

      expect(rows).toEqual([{ tenant: one }]);
    },
  );

  it.each(TABLES)('shows nothing of %s to whoever is no tenant', async (table) => {
    const seen = await deniedOr(
      tenantsIn(table)
        .execute(apps.unbound)
        .then(({ rows }) => rows),
    );

    expect(['42501', []]).toContainEqual(seen);
  });

  it.each(OF_NO_TENANT)('lets no tenant read or change %s, not even a column of it', async (table) => {
    for (const statement of [
      sql`select id from ${sql.table(table)}`,
      sql`delete from ${sql.table(table)}`,
      sql`update ${sql.table(table)} set id = id`,
      sql`insert into ${sql.table(table)} select * from ${sql.table(table)}`,
    ]) {
      const refused = { code: '42501' };
      await expect(apps.asTenant(one, (tx) => statement.execute(tx))).rejects.toMatchObject(refused);
      await expect(statement.execute(apps.unbound)).rejects.toMatchObject(refused);
    }
  });

  it.each(TABLES)('lets no tenant change, remove or take over rows of another in %s', async (table) => {
    const before = await sql`select * from ${sql.table(table)}`.execute(database.postgres.db);
    const column = table === 'tenants' ? 'id' : 'tenant_id';
    for (const change of [
      sql`delete from ${sql.table(table)} where ${sql.raw(TENANT_OF[table])} = ${other}`,
      sql`update ${sql.table(table)} set ${sql.raw(column)} = ${other}`,
      sql`update ${sql.table(table)} set ${sql.raw(column)} = ${one} where ${sql.raw(TENANT_OF[table])} = ${other}`,
      sql`insert into ${sql.table(table)} select * from ${sql.table(table)}`,
    ])
      await deniedOr(apps.asTenant(one, (tx) => change.execute(tx)));

    expect(await sql`select * from ${sql.table(table)}`.execute(database.postgres.db)).toEqual(before);
  });

  it('lets no tenant write a row in the name of another', async () => {
    const entryOf = (tenant: TenantId) => sql`
      insert into audit_entries (id, tenant_id, at, actor, action, target, outcome, detail)
      values (${newId('aud')}, ${tenant}, now(), '{}', 'spec', '{}', 'success', '{}')
    `;

    await expect(apps.asTenant(one, (tx) => entryOf(other).execute(tx))).rejects.toMatchObject({ code: '42501' });
    await apps.asTenant(one, (tx) => entryOf(one).execute(tx));
  });

  it('ends with the transaction: the next one on the connection is not that tenant', async () => {
    await apps.asTenant(one, async () => undefined);
    await expect(
      apps.asTenant(one, async () => {
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');

    const { rows } = await sql<{ tenant: string | null; user: string }>`
      select nullif(current_setting('cvm.tenant_id', true), '') as tenant, current_user as user
    `.execute(apps.unbound);
    expect(rows).toEqual([{ tenant: null, user: 'cvm_image_service_tenant' }]);
    const { rows: others } = await apps.asTenant(other, (tx) => tenantsIn('image_requests').execute(tx));
    expect(others).toEqual([{ tenant: other }]);
  });

  it('does not come between the system and the rows of all', async () => {
    for (const table of TABLES) {
      const { rows } = await apps.asSystem((tx) => tenantsIn(table).execute(tx));
      expect(new Set(rows.map(({ tenant }) => tenant))).toEqual(new Set([one, other]));
    }
  });

  it.each(['update audit_entries set action = action', 'delete from audit_entries', 'truncate audit_entries'])(
    'gives nobody the right to %s',
    async (statement) => {
      const asOne = apps.asTenant(one, (tx) => sql.raw(statement).execute(tx));
      const asSystem = apps.asSystem((tx) => sql.raw(statement).execute(tx));

      await expect(asOne).rejects.toMatchObject({ code: '42501' });
      await expect(asSystem).rejects.toMatchObject({ code: '42501' });
    },
  );

  it.each(['drop table attempts', 'alter table accounts disable row level security', 'create table more (id int)'])(
    'leaves an app no right to %s, whoever it logged in as',
    async (statement) => {
      const system = new SystemPostgres(new Secret(database.url), { connectionsMax: 1 });
      try {
        await expect(sql.raw(statement).execute(system.db)).rejects.toMatchObject({ code: '42501' });
      } finally {
        await system.close();
      }
    },
  );

  it('finds a key by its whole hash for anyone, and lists none', async () => {
    const { rows: all } = await sql<{ hash: Buffer; id: string }>`
      select hash, id from api_keys where tenant_id = ${one}
    `.execute(database.postgres.db);
    const held = sql<{ id: string; tenant_id: string }>`select * from held_api_key(${all[0]?.hash})`;

    expect((await held.execute(apps.unbound)).rows).toEqual([
      expect.objectContaining({ id: all[0]?.id, tenant_id: one }),
    ]);
    expect((await sql`select * from held_api_key(${randomBytes(32)})`.execute(apps.unbound)).rows).toEqual([]);
  });

  it('serves an app that logs in without any right of its own but its roles', async () => {
    const login = `spec_${randomBytes(8).toString('hex')}`;
    const url = new URL(database.url);
    [url.username, url.password] = [login, login];
    await sql.raw(`create role ${login} login password '${login}'`).execute(database.postgres.db);
    await sql.raw(`grant cvm_image_service_tenant, cvm_image_service_system to ${login}`).execute(database.postgres.db);
    const limited = new Postgres(new Secret(url.href));
    try {
      await limited.assertSchemaCurrent();
      const { rows } = await limited.asTenant(one, (tx) => tenantsIn('accounts').execute(tx));
      expect(rows).toEqual([{ tenant: one }]);
    } finally {
      await limited.close();
      await sql.raw(`drop role ${login}`).execute(database.postgres.db);
    }
  });

  it('does not hide behind a missing role that nothing was migrated yet', async () => {
    const empty = await createTestDatabase();
    const postgres = new Postgres(new Secret(empty.url));
    try {
      await expect(postgres.assertSchemaCurrent()).rejects.toThrow(SchemaBehind);
    } finally {
      await postgres.close();
      await empty.drop();
    }
  });
});
