import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '#libs/clock';
import type { ApiKeyId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Secret } from '#libs/secret';
import { type ApiKey, hashOf, looksLikeKey } from './api-key.js';
import type { ApiKeyStore, HeldKey } from './api-key.store.js';
import type { KeyFault } from './tenants.errors.js';

/** Why a key opens nothing. */
export type KeyRefusal = KeyFault | 'tenant_suspended';

/** Whom a presented key stands for, or why it stands for nobody. */
export type Authentication =
  | { readonly kind: 'operator' }
  | { readonly kind: 'tenant'; readonly apiKey: ApiKey; readonly tenantName: string }
  | {
      readonly kind: 'refused';
      readonly reason: KeyRefusal;
      /** Null where the key is unknown. */
      readonly apiKey: ApiKey | null;
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
    // The look-up comes first, so that the operators' key takes the steps that any other text of its form takes.
    const held = looksLikeKey(presented.reveal()) ? await this.store.findByHash(this.postgres.unbound, hash) : null;
    // Hashes have one length and take one time to compare, however much of the key is right.
    if (timingSafeEqual(hash, this.adminHash)) return { kind: 'operator' };
    if (held === null) return { kind: 'refused', reason: 'unknown', apiKey: null };

    const now = this.clock.now();
    const { apiKey, tenantName } = held;
    const reason = refusal(held, now);
    if (reason !== null) return { kind: 'refused', reason, apiKey };

    await this.noteUse(apiKey, now);
    return { kind: 'tenant', apiKey, tenantName };
  }

  /** Of keys that were let in before, those that open nothing by now, and why. */
  async refusedSince(ids: readonly ApiKeyId[]): Promise<ReadonlyMap<ApiKeyId, KeyRefusal>> {
    const now = this.clock.now();
    const held = await this.postgres.asSystem((tx) => this.store.findByIds(tx, ids));
    return new Map(
      held.flatMap((key) => {
        const reason = refusal(key, now);
        return reason === null ? [] : [[key.apiKey.id, reason] as const];
      }),
    );
  }

  private async noteUse(apiKey: ApiKey, now: Date): Promise<void> {
    const unlessSince = new Date(now.getTime() - NOTE_USE_EVERY_MS);
    if (apiKey.lastUsedAt !== null && apiKey.lastUsedAt >= unlessSince) return;
    const { id, tenantId } = apiKey;
    await this.postgres.asTenant(tenantId, (tx) => this.store.noteUse(tx, tenantId, id, now, unlessSince));
  }
}

/** The key's own faults come first: a key that opens nothing learns nothing of its tenant. */
function refusal({ apiKey, tenantStatus }: HeldKey, now: Date): KeyRefusal | null {
  if (apiKey.revokedAt !== null) return 'revoked';
  if (apiKey.expiresAt !== null && apiKey.expiresAt <= now) return 'expired';
  return tenantStatus === 'suspended' ? 'tenant_suspended' : null;
}
