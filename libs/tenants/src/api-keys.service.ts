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
import { ExpiryTooLate, ScopeNotHeld } from './tenants.errors.js';

/** What a new key may have at most: what its maker has. An expiry of null never comes. */
export interface KeyLimits {
  readonly scopes: readonly TenantScope[];
  readonly expiresAt: Date | null;
}

/** A tenant's keys. `caller` names the tenant whose keys they are, and whoever acts: an operator or a key of that tenant. */
export class ApiKeys {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ApiKeyStore,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** The only time that the key itself is seen. No key makes one that may do more than it, or for longer. */
  async create(
    caller: Caller,
    order: ApiKeyOrder,
    limits: KeyLimits,
  ): Promise<{ readonly apiKey: ApiKey; readonly key: Secret }> {
    const at = this.clock.now();
    this.refuseExpired(order.expiresAt, at);
    const excess = excessOf(order, limits);
    if (excess !== null) return this.refuse(caller, order, excess, at);

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

  /** Newest first, without those that are revoked; with a prefix only those that begin with it. */
  async list(
    tenantId: TenantId,
    filter: { readonly prefix?: string },
    page: { readonly after: ApiKeyId | null; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    return this.postgres.asTenant(tenantId, (tx) => this.store.list(tx, tenantId, filter, page));
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

  /** On record before it is thrown: whoever reaches for more than they have should be seen. */
  private async refuse(
    caller: Caller,
    order: ApiKeyOrder,
    excess: ScopeNotHeld | ExpiryTooLate,
    at: Date,
  ): Promise<never> {
    const { name, scopes, expiresAt } = order;
    const detail = { reason: excess.code, name, scopes, expiresAt: expiresAt?.toISOString() ?? null };
    const entry = { ...entryOf(caller, 'api_key.create', null, detail), outcome: 'failure' } as const;
    await this.postgres.asTenant(caller.tenantId, (tx) => this.audit.append(tx, entry, at));
    throw excess;
  }

  private refuseExpired(expiresAt: Date | null, now: Date): void {
    if (expiresAt === null || expiresAt > now) return;
    throw new InvalidInput([{ pointer: '/expiresAt', code: 'in_the_past', detail: 'must lie in the future' }]);
  }
}

/** What a key would have beyond its maker; null when nothing. */
function excessOf({ scopes, expiresAt }: ApiKeyOrder, limits: KeyLimits): ScopeNotHeld | ExpiryTooLate | null {
  const lacking = scopes.filter((scope) => !limits.scopes.includes(scope));
  if (lacking.length > 0) return new ScopeNotHeld(lacking);
  if (limits.expiresAt === null || (expiresAt !== null && expiresAt <= limits.expiresAt)) return null;
  return new ExpiryTooLate(limits.expiresAt);
}

function apiKeyEntry(caller: Caller, action: AuditAction, apiKey: ApiKey): NewAuditEntry {
  const { id, name, scopes, prefix, expiresAt } = apiKey;
  return entryOf(caller, action, id, { name, scopes, prefix, expiresAt: expiresAt?.toISOString() ?? null });
}

function entryOf(
  caller: Caller,
  action: AuditAction,
  id: ApiKeyId | null,
  detail: NewAuditEntry['detail'],
): NewAuditEntry {
  return {
    tenantId: caller.tenantId,
    accountId: null,
    actor: caller.actor,
    action,
    target: { type: 'api_key', id },
    outcome: 'success',
    requestId: caller.requestId,
    upstream: null,
    detail,
  };
}
