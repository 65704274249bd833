import { type Actor, AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { newId } from '#libs/ids';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { ApiKeyStore } from './api-key.store.js';
import { ApiKeys } from './api-keys.service.js';
import { Authenticator } from './authenticator.js';
import type { Caller } from './caller.js';
import { TENANT_SCOPES } from './scope.js';
import { TenantStore } from './tenant.store.js';
import { Tenants } from './tenants.service.js';

const ADMIN_KEY = new Secret('0123456789abcdefghijklmnopqrstuvwxyz');
const ACTOR: Actor = { type: 'api_key', id: 'admin', name: 'admin', ip: '127.0.0.1', userAgent: null };
const ACTING = { actor: ACTOR, requestId: 'req-1' };
const MINUTE_MS = 60_000;

describe('Authenticator', () => {
  const clock = new ManualClock();
  const keyStore = new ApiKeyStore();
  let database: MigratedDatabase;
  let tenants: Tenants;
  let apiKeys: ApiKeys;
  let authenticator: Authenticator;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    const { postgres } = database;
    const audit = new AuditStore();
    tenants = new Tenants(postgres, new TenantStore(), audit, clock);
    apiKeys = new ApiKeys(postgres, keyStore, audit, clock);
    authenticator = new Authenticator(postgres, keyStore, clock, ADMIN_KEY);
  });
  afterAll(() => database.drop());

  async function newTenantKey(expiresAt: Date | null = null) {
    const tenant = await tenants.create(ACTING, 'a tenant');
    const caller: Caller = { ...ACTING, tenantId: tenant.id };
    const limits = { scopes: TENANT_SCOPES, expiresAt: null };
    const made = await apiKeys.create(caller, { name: 'a key', scopes: ['images:read'], expiresAt }, limits);
    return { ...made, tenant, caller };
  }

  it('knows the holder of a key, and what the key may do', async () => {
    const { key, tenant, apiKey } = await newTenantKey();

    expect(await authenticator.authenticate(key)).toMatchObject({
      kind: 'tenant',
      tenantName: 'a tenant',
      apiKey: { id: apiKey.id, tenantId: tenant.id, scopes: ['images:read'] },
    });
  });

  it("knows the operators' key, which is no tenant's", async () => {
    expect(await authenticator.authenticate(ADMIN_KEY)).toEqual({ kind: 'operator' });
  });

  it.each(['', 'nonsense', `cvmk_${'A'.repeat(43)}`, ADMIN_KEY.reveal().slice(1), `${ADMIN_KEY.reveal()} `])(
    'refuses %p as unknown',
    async (presented) => {
      expect(await authenticator.authenticate(new Secret(presented))).toMatchObject({
        kind: 'refused',
        reason: 'unknown',
        apiKey: null,
      });
    },
  );

  it('refuses a key from the moment it is revoked, and says whose it was', async () => {
    const { key, caller, apiKey } = await newTenantKey();
    await apiKeys.revoke(caller, apiKey.id);

    expect(await authenticator.authenticate(key)).toMatchObject({
      kind: 'refused',
      reason: 'revoked',
      apiKey: { id: apiKey.id, tenantId: caller.tenantId },
    });
  });

  it('refuses a key from the moment it expires', async () => {
    const { key } = await newTenantKey(new Date(clock.now().getTime() + MINUTE_MS));
    clock.advance(MINUTE_MS - 1);
    expect(await authenticator.authenticate(key)).toMatchObject({ kind: 'tenant' });
    clock.advance(1);

    expect(await authenticator.authenticate(key)).toMatchObject({ kind: 'refused', reason: 'expired' });
  });

  it('refuses the keys of a suspended tenant until it is active again', async () => {
    const { key, tenant } = await newTenantKey();
    await tenants.patch(ACTING, tenant.id, { status: 'suspended' });
    expect(await authenticator.authenticate(key)).toMatchObject({ kind: 'refused', reason: 'tenant_suspended' });
    await tenants.patch(ACTING, tenant.id, { status: 'active' });

    expect(await authenticator.authenticate(key)).toMatchObject({ kind: 'tenant' });
  });

  it('tells of keys that were let in which of them open nothing by now', async () => {
    const [good, revoked, suspended] = [await newTenantKey(), await newTenantKey(), await newTenantKey()];
    const brief = await newTenantKey(new Date(clock.now().getTime() + 1));
    const ids = [good, revoked, suspended, brief].map(({ apiKey }) => apiKey.id);
    expect(await authenticator.refusedSince(ids)).toEqual(new Map());
    await apiKeys.revoke(revoked.caller, revoked.apiKey.id);
    await tenants.patch(ACTING, suspended.tenant.id, { status: 'suspended' });
    clock.advance(1);

    expect(await authenticator.refusedSince(ids)).toEqual(
      new Map([
        [revoked.apiKey.id, 'revoked'],
        [suspended.apiKey.id, 'tenant_suspended'],
        [brief.apiKey.id, 'expired'],
      ]),
    );
  });

  it('notes the last use to the minute, not for every call', async () => {
    const { key, tenant } = await newTenantKey();
    const lastUse = async () => (await apiKeys.list(tenant.id, {}, { after: null, limit: 1 }))[0]?.lastUsedAt;
    const first = clock.now();
    await authenticator.authenticate(key);
    clock.advance(MINUTE_MS - 1);
    await authenticator.authenticate(key);
    expect(await lastUse()).toEqual(first);
    clock.advance(2);
    await authenticator.authenticate(key);

    expect(await lastUse()).toEqual(clock.now());
  });

  it('keeps of a key nothing that it could be made from again', async () => {
    const { key, apiKey } = await newTenantKey();
    const held = await keyStore.list(database.postgres.db, apiKey.tenantId, {}, { after: null, limit: 1 });

    expect(JSON.stringify(held)).not.toContain(key.reveal().slice(apiKey.prefix.length));
    expect(await authenticator.authenticate(new Secret(`${key.reveal().slice(0, -1)}!`))).toMatchObject({
      reason: 'unknown',
    });
    expect(await authenticator.authenticate(new Secret(newId('key')))).toMatchObject({ reason: 'unknown' });
  });
});
