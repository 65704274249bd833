import { sql } from 'kysely';
import { AccountStore } from '#libs/accounts';
import type { Actor } from '#libs/audit';
import { AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { EventFeed, EventStore, Outbox } from '#libs/events';
import { type AccountId, newId } from '#libs/ids';
import { Queues } from '#libs/queues';
import { connectRedis, Hints } from '#libs/redis';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import { createMigratedDatabase, type MigratedDatabase, testRedisUrl } from '#libs/testing';
import { assembleTenantSide } from './assemble-webhooks.js';

const ACTOR: Actor = { type: 'api_key', id: newId('key'), name: 'spec', ip: null, userAgent: null };

describe('WebhookEndpoints', () => {
  const redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  const queues = new Queues(redis);
  const ring = new KeyRing([{ id: 'k1', material: new Secret(Buffer.alloc(32, 1).toString('base64')) }]);
  const clock = new ManualClock();
  const audit = new AuditStore();
  let database: MigratedDatabase;
  let side: ReturnType<typeof assembleTenantSide>;
  let caller: Caller;
  let stranger: Caller;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    const { postgres } = database;
    side = assembleTenantSide({
      postgres,
      accounts: new AccountStore(),
      sealer: new Sealer(ring),
      outbox: new Outbox(postgres, new EventStore(), new Hints(redis, redis)),
      events: new EventFeed(postgres, new EventStore()),
      queues,
      audit,
      clock,
      settings: { webhookAllowedCidrs: [], webhookAllowedPorts: [], webhookAllowHttp: false },
      resolve: async () => [{ address: '1.1.1.1', family: 4 }],
    });
    [caller, stranger] = await Promise.all([newCaller(), newCaller()]);
  });

  afterAll(async () => {
    await queues.close();
    await database.drop();
    redis.disconnect();
  });

  async function newCaller(): Promise<Caller> {
    const tenantId = newId('ten');
    await sql`insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', now(), now())`.execute(
      database.postgres.db,
    );
    return { tenantId, actor: ACTOR, requestId: 'req-1' };
  }

  async function newAccount({ tenantId }: Caller): Promise<AccountId> {
    const id = newId('acc');
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${id}, ${tenantId}, 'spec', 'intl', '1', '1', 'arn', now(), now())
    `.execute(database.postgres.db);
    return id;
  }

  const auditOf = async ({ tenantId }: Caller) =>
    audit.list(database.postgres.db, { tenantId, accountId: null }, {}, { afterPosition: 0, limit: 100 });

  const everyRowOf = async (table: string): Promise<string> => {
    const { rows } = await sql`select * from ${sql.table(table)}`.execute(database.postgres.db);
    return JSON.stringify(rows);
  };

  it('shows the secret once, and keeps it only sealed', async () => {
    const { endpoint, secret } = await side.endpoints.create(caller, { url: 'https://hooks.example.com/a' });

    expect(secret.reveal()).toMatch(/^whsec_/);
    expect(await side.endpoints.get(caller.tenantId, endpoint.id)).toEqual(endpoint);
    const material = secret.reveal().slice('whsec_'.length);
    for (const table of ['webhook_endpoints', 'webhook_secrets', 'audit_entries'])
      expect(await everyRowOf(table)).not.toContain(material);
  });

  it('writes an audit entry with each change, naming the host and not the path, which may be a secret', async () => {
    const acting = await newCaller();
    const { endpoint } = await side.endpoints.create(acting, { url: 'https://hooks.example.com/T0/hidden' });
    await side.endpoints.patch(acting, endpoint.id, { description: 'ours', eventTypes: ['image_request.failed'] });
    await side.endpoints.delete(acting, endpoint.id);

    const entries = await auditOf(acting);
    expect(entries.map(({ action }) => action)).toEqual([
      'webhook_endpoint.create',
      'webhook_endpoint.update',
      'webhook_endpoint.delete',
    ]);
    expect(entries[1]).toMatchObject({
      actor: ACTOR,
      requestId: 'req-1',
      target: { type: 'webhook_endpoint', id: endpoint.id },
      detail: { changed: ['description', 'eventTypes'], host: 'hooks.example.com' },
    });
    expect(JSON.stringify(entries)).not.toContain('hidden');
  });

  it('refuses a URL that may not be called, and changes and audits nothing', async () => {
    const acting = await newCaller();
    const refused = { code: 'webhook_url_forbidden' };
    await expect(side.endpoints.create(acting, { url: 'https://127.0.0.1/' })).rejects.toMatchObject(refused);
    expect(await auditOf(acting)).toEqual([]);

    const { endpoint } = await side.endpoints.create(acting, { url: 'https://hooks.example.com/' });
    await expect(side.endpoints.patch(acting, endpoint.id, { url: 'http://10.0.0.1/' })).rejects.toMatchObject(refused);
    expect((await side.endpoints.get(acting.tenantId, endpoint.id)).url).toBe('https://hooks.example.com/');
  });

  it('changes what is given, removes what is null, and leaves the rest', async () => {
    const accountIds = [await newAccount(caller)];
    const { endpoint } = await side.endpoints.create(caller, {
      url: 'https://hooks.example.com/',
      accountIds,
      description: 'first',
    });
    const changed = await side.endpoints.patch(caller, endpoint.id, { description: null, status: 'disabled' });

    expect(changed).toMatchObject({ accountIds, description: null, status: 'disabled', url: endpoint.url });
    const again = await side.endpoints.patch(caller, endpoint.id, { accountIds: null });
    expect(again).toMatchObject({ accountIds: null, status: 'disabled' });
  });

  it('names accounts of its own tenant alone, and tells of others and unknown ones in the same words', async () => {
    const [ours, theirs, nobodys] = [await newAccount(caller), await newAccount(stranger), newId('acc')];
    const url = 'https://hooks.example.com/';
    const refused = (...at: number[]) => ({
      extensions: { errors: at.map((n) => ({ pointer: `/accountIds/${n}`, code: 'not_found' })) },
    });
    await expect(side.endpoints.create(caller, { url, accountIds: [theirs, ours, nobodys] })).rejects.toMatchObject(
      refused(0, 2),
    );
    const { endpoint } = await side.endpoints.create(caller, { url, accountIds: [ours] });
    await expect(side.endpoints.patch(caller, endpoint.id, { accountIds: [theirs] })).rejects.toMatchObject(refused(0));

    expect(await side.endpoints.get(caller.tenantId, endpoint.id)).toEqual(endpoint);
  });

  it('lists the newest first, page by page', async () => {
    const acting = await newCaller();
    const ids = [];
    for (let index = 0; index < 3; index += 1)
      ids.unshift((await side.endpoints.create(acting, { url: 'https://hooks.example.com/' })).endpoint.id);

    const first = await side.endpoints.list(acting.tenantId, { limit: 2 });
    expect(first.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const before = ids[1] as (typeof ids)[0];
    const rest = await side.endpoints.list(acting.tenantId, { limit: 2, before });
    expect(rest.map(({ id }) => id)).toEqual(ids.slice(2));
  });

  it('destroys the secret of a deleted endpoint, which is gone for everyone', async () => {
    const { endpoint } = await side.endpoints.create(caller, { url: 'https://hooks.example.com/' });
    await side.endpoints.delete(caller, endpoint.id);

    await expect(side.endpoints.get(caller.tenantId, endpoint.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(side.endpoints.delete(caller, endpoint.id)).rejects.toMatchObject({ code: 'not_found' });
    expect(await everyRowOf('webhook_secrets')).not.toContain(endpoint.id);
  });

  it('is as if it were not there for another tenant', async () => {
    const { endpoint } = await side.endpoints.create(caller, { url: 'https://hooks.example.com/' });
    const { tenantId } = stranger;
    const notFound = { code: 'not_found', publicMessage: 'There is no such webhook endpoint.' };

    await expect(side.endpoints.get(tenantId, endpoint.id)).rejects.toMatchObject(notFound);
    await expect(side.endpoints.patch(stranger, endpoint.id, {})).rejects.toMatchObject(notFound);
    await expect(side.endpoints.delete(stranger, endpoint.id)).rejects.toMatchObject(notFound);
    await expect(side.deliveries.list(tenantId, endpoint.id, { limit: 1 })).rejects.toMatchObject(notFound);
    await expect(side.deliveries.testEndpoint(stranger, endpoint.id)).rejects.toMatchObject(notFound);
    expect(await side.endpoints.list(tenantId, { limit: 10 })).toEqual([]);
    expect(await side.endpoints.get(caller.tenantId, endpoint.id)).toEqual(endpoint);
  });

  it('is not tested while it is disabled', async () => {
    const { endpoint } = await side.endpoints.create(caller, { url: 'https://hooks.example.com/' });
    await side.endpoints.patch(caller, endpoint.id, { status: 'disabled' });
    await expect(side.deliveries.testEndpoint(caller, endpoint.id)).rejects.toMatchObject({
      code: 'webhook_endpoint_disabled',
      kind: 'conflict',
    });
  });
});
