import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '#libs/clock';
import type { ApiKeyId, TenantId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import { type ApiKey, hashOf, looksLikeKey } from './api-key.js';
import type { ApiKeyStore, HeldKey } from './api-key.store.js';
import type { KeyFault } from './tenants.errors.js';

/** Whom a presented key stands for, or why it stands for nobody. */
export type Authentication =
  | { readonly kind: 'operator' }
  | { readonly kind: 'tenant'; readonly apiKey: ApiKey; readonly tenantName: string }
  | {
      readonly kind: 'refused';
      readonly reason: KeyFault | 'tenant_suspended';
      /** Of whom, where the key is known. */
      readonly tenantId: TenantId | null;
      readonly apiKeyId: ApiKeyId | null;
    };

const NOTE_USE_EVERY_MS = 60_000;

/**
 * Tells who holds a key. Every call looks the key up anew, by one unique index: a revocation, an expiry and a suspension
 * hold everywhere from the next call on, with no cache to wait for.
 */
export class Authenticator {
  private readonly adminHash: Buffer;

  constructor(
    private readonly postgres: Postgres,
    private readonly store: ApiKeyStore,
    private readonly clock: Clock,
    adminKey: Secret,
  ) {
    this.adminHash = hashOf(adminKey);
  }

  async authenticate(presented: Secret): Promise<Authentication> {
    const hash = hashOf(presented);
    // Hashes have one length and take one time to compare, however much of the key is right.
    if (timingSafeEqual(hash, this.adminHash)) return { kind: 'operator' };

    const held = looksLikeKey(presented.reveal()) ? await this.store.findByHash(this.postgres.unbound, hash) : null;
    if (held === null) return { kind: 'refused', reason: 'unknown', tenantId: null, apiKeyId: null };

    const now = this.clock.now();
    const { apiKey, tenantName } = held;
    const reason = refusal(held, now);
    if (reason !== null) return { kind: 'refused', reason, tenantId: apiKey.tenantId, apiKeyId: apiKey.id };

    await this.noteUse(apiKey, now);
    return { kind: 'tenant', apiKey, tenantName };
  }

  private async noteUse(apiKey: ApiKey, now: Date): Promise<void> {
    const unlessSince = new Date(now.getTime() - NOTE_USE_EVERY_MS);
    if (apiKey.lastUsedAt !== null && apiKey.lastUsedAt >= unlessSince) return;
    const { id, tenantId } = apiKey;
    await this.postgres.asTenant(tenantId, (tx) => this.store.noteUse(tx, tenantId, id, now, unlessSince));
  }
}

/** The key's own faults come first: a key that opens nothing learns nothing of its tenant. */
function refusal({ apiKey, tenantStatus }: HeldKey, now: Date): KeyFault | 'tenant_suspended' | null {
  if (apiKey.revokedAt !== null) return 'revoked';
  if (apiKey.expiresAt !== null && apiKey.expiresAt <= now) return 'expired';
  return tenantStatus === 'suspended' ? 'tenant_suspended' : null;
}
