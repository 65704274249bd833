import type { AuditAction, AuditStore, NewAuditEntry } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { InvalidInput, NotFound } from '#libs/errors';
import { type ApiKeyId, isId, newId, type TenantId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import { type ApiKey, type ApiKeyOrder, hashOf, newKey, prefixOf } from './api-key.js';
import type { ApiKeyStore } from './api-key.store.js';
import type { Caller } from './caller.js';
import type { TenantScope } from './scope.js';
import { ScopeNotHeld } from './tenants.errors.js';

/** A tenant's keys. `caller` names the tenant whose keys they are, and whoever acts: an operator or a key of that tenant. */
export class ApiKeys {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ApiKeyStore,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** The only time that the key itself is seen. `mayGive` is what its maker holds: no key gives more than it has. */
  async create(
    caller: Caller,
    order: ApiKeyOrder,
    mayGive: readonly TenantScope[],
  ): Promise<{ readonly apiKey: ApiKey; readonly key: Secret }> {
    const at = this.clock.now();
    this.refuseExpired(order.expiresAt, at);
    const lacking = order.scopes.filter((scope) => !mayGive.includes(scope));
    if (lacking.length > 0) throw new ScopeNotHeld(lacking);

    const key = newKey();
    const apiKey: ApiKey = {
      ...order,
      id: newId('key'),
      tenantId: caller.tenantId,
      prefix: prefixOf(key),
      createdAt: at,
      revokedAt: null,
      lastUsedAt: null,
    };
    return this.postgres.asTenant(caller.tenantId, async (tx) => {
      await this.store.insert(tx, apiKey, hashOf(key));
      await this.audit.append(tx, apiKeyEntry(caller, 'api_key.create', apiKey), at);
      return { apiKey, key };
    });
  }

  async list(
    tenantId: TenantId,
    page: { readonly after: ApiKeyId | null; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    return this.postgres.asTenant(tenantId, (tx) => this.store.list(tx, tenantId, page));
  }

  /** In force everywhere with the commit: keys are looked up anew for each call. */
  async revoke(caller: Caller, id: string): Promise<void> {
    const at = this.clock.now();
    await this.postgres.asTenant(caller.tenantId, async (tx) => {
      const apiKey = isId('key', id) ? await this.store.revoke(tx, caller.tenantId, id, at) : null;
      if (apiKey === null) throw new NotFound('API key');
      await this.audit.append(tx, apiKeyEntry(caller, 'api_key.revoke', apiKey), at);
    });
  }

  private refuseExpired(expiresAt: Date | null, now: Date): void {
    if (expiresAt === null || expiresAt > now) return;
    throw new InvalidInput([{ pointer: '/expiresAt', code: 'in_the_past', detail: 'must lie in the future' }]);
  }
}

function apiKeyEntry(caller: Caller, action: AuditAction, apiKey: ApiKey): NewAuditEntry {
  return {
    tenantId: caller.tenantId,
    accountId: null,
    actor: caller.actor,
    action,
    target: { type: 'api_key', id: apiKey.id },
    outcome: 'success',
    requestId: caller.requestId,
    upstream: null,
    detail: {
      name: apiKey.name,
      scopes: apiKey.scopes,
      prefix: apiKey.prefix,
      expiresAt: apiKey.expiresAt?.toISOString() ?? null,
    },
  };
}
