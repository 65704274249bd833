import { type Actor, AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { InvalidInput, NotFound } from '#libs/errors';
import { newId, type TenantId } from '#libs/ids';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { ApiKeyStore } from './api-key.store.js';
import { ApiKeys } from './api-keys.service.js';
import type { Caller } from './caller.js';
import { TENANT_SCOPES } from './scope.js';
import { TenantStore } from './tenant.store.js';
import { Tenants } from './tenants.service.js';
import { ExpiryTooLate, ScopeNotHeld } from './tenants.errors.js';

const ACTOR: Actor = { type: 'api_key', id: 'admin', name: 'admin', ip: null, userAgent: null };
const UNLIMITED = { scopes: TENANT_SCOPES, expiresAt: null };
const ACTING = { actor: ACTOR, requestId: 'req-1' };

describe('ApiKeys', () => {
  const clock = new ManualClock();
  const audit = new AuditStore();
  let database: MigratedDatabase;
  let tenants: Tenants;
  let apiKeys: ApiKeys;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    tenants = new Tenants(database.postgres, new TenantStore(), audit, clock);
    apiKeys = new ApiKeys(database.postgres, new ApiKeyStore(), audit, clock);
  });
  afterAll(() => database.drop());

  async function newCaller(): Promise<Caller> {
    const { id } = await tenants.create(ACTING, 'a tenant');
    return { ...ACTING, tenantId: id };
  }

  /** Why keys were not made. */
  async function refusalsOf(tenantId: TenantId): Promise<unknown[]> {
    const page = { afterPosition: 0, limit: 100 };
    const entries = await audit.list(database.postgres.db, { tenantId, accountId: null }, {}, page);
    return entries.flatMap(({ action, outcome, target, detail }) =>
      action === 'api_key.create' && outcome === 'failure' && target.id === null ? [detail['reason']] : [],
    );
  }

  const order = { name: 'a key', scopes: ['images:read', 'keys:write'] as const, expiresAt: null };

  it('gives no scope that its maker lacks, and has the attempt on record', async () => {
    const caller = await newCaller();

    await expect(apiKeys.create(caller, order, { scopes: ['keys:write'], expiresAt: null })).rejects.toThrow(
      ScopeNotHeld,
    );
    expect(await apiKeys.list(caller.tenantId, {}, { after: null, limit: 10 })).toEqual([]);
    expect(await refusalsOf(caller.tenantId)).toEqual(['scope_not_held']);
  });

  it.each([
    ['never ends', null],
    ['ends a millisecond later', 60_001],
  ])('makes for a key that ends none that %s', async (_what, endsAfterMs) => {
    const caller = await newCaller();
    const at = (afterMs: number) => new Date(clock.now().getTime() + afterMs);
    const limits = { ...UNLIMITED, expiresAt: at(60_000) };
    const expiresAt = endsAfterMs === null ? null : at(endsAfterMs);

    await expect(apiKeys.create(caller, { ...order, expiresAt }, limits)).rejects.toThrow(ExpiryTooLate);
    expect(await apiKeys.list(caller.tenantId, {}, { after: null, limit: 10 })).toEqual([]);
    expect(await refusalsOf(caller.tenantId)).toEqual(['expiry_too_late']);
    const made = await apiKeys.create(caller, { ...order, expiresAt: limits.expiresAt }, limits);
    expect(made.apiKey.expiresAt).toEqual(limits.expiresAt);
  });

  it('are found by their beginning, over all tenants, until they are revoked', async () => {
    const [owner, stranger] = [await newCaller(), await newCaller()];
    const { apiKey } = await apiKeys.create(owner, order, UNLIMITED);
    await apiKeys.create(owner, order, UNLIMITED);
    const page = { after: null, limit: 10 };
    const found = async ({ tenantId }: Caller) =>
      (await apiKeys.list(tenantId, { prefix: apiKey.prefix }, page)).map(({ id }) => id);
    const holders = async () => (await tenants.list({ apiKeyPrefix: apiKey.prefix }, page)).map(({ id }) => id);

    expect(await found(owner)).toEqual([apiKey.id]);
    expect(await found(stranger)).toEqual([]);
    expect(await holders()).toEqual([owner.tenantId]);
    await apiKeys.revoke(owner, apiKey.id);
    expect(await found(owner)).toEqual([]);
    expect(await holders()).toEqual([]);
  });

  it('makes no key that has expired already', async () => {
    const caller = await newCaller();

    await expect(apiKeys.create(caller, { ...order, expiresAt: clock.now() }, UNLIMITED)).rejects.toThrow(InvalidInput);
  });

  it("does not revoke another tenant's key, and does not say that there is one", async () => {
    const [owner, stranger] = [await newCaller(), await newCaller()];
    const { apiKey } = await apiKeys.create(owner, order, UNLIMITED);

    for (const id of [apiKey.id, newId('key'), 'key_nonsense'])
      await expect(apiKeys.revoke(stranger, id)).rejects.toThrow(new NotFound('API key'));
    expect(await apiKeys.list(owner.tenantId, {}, { after: null, limit: 10 })).toHaveLength(1);
  });

  it('audits what became of a key, without the key', async () => {
    const caller = await newCaller();
    const { apiKey, key } = await apiKeys.create(caller, order, UNLIMITED);
    await apiKeys.revoke(caller, apiKey.id);
    const page = { afterPosition: 0, limit: 100 };
    const log = await audit.list(database.postgres.db, { tenantId: caller.tenantId, accountId: null }, {}, page);

    expect(log.map(({ action, target }) => [action, target.id])).toEqual([
      ['tenant.create', caller.tenantId],
      ['api_key.create', apiKey.id],
      ['api_key.revoke', apiKey.id],
    ]);
    expect(JSON.stringify(log)).not.toContain(key.reveal());
  });

  it('lists keys newest first and page by page, without the revoked ones', async () => {
    const caller = await newCaller();
    const made = [];
    for (const name of ['one', 'two', 'three']) made.push(await apiKeys.create(caller, { ...order, name }, UNLIMITED));
    await apiKeys.revoke(caller, String(made[1]?.apiKey.id));

    const first = await apiKeys.list(caller.tenantId, {}, { after: null, limit: 1 });
    const second = await apiKeys.list(caller.tenantId, {}, { after: first[0]?.id ?? null, limit: 1 });
    expect([...first, ...second].map(({ name }) => name)).toEqual(['three', 'one']);
  });
});
