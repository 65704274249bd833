import { createHash, randomBytes } from 'node:crypto';
import type { ApiKeyId, TenantId } from '#libs/ids';
import { Secret } from '#libs/secret';
import type { TenantScope } from './scope.js';

/** A tenant's key as it is kept: enough to recognise it, never the key itself. */
export interface ApiKey {
  readonly id: ApiKeyId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly scopes: readonly TenantScope[];
  /** How the key begins, so that its holder and a secret scanner can tell which one it is. */
  readonly prefix: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

/** What a new key is to be. */
export interface ApiKeyOrder {
  readonly name: string;
  readonly scopes: readonly TenantScope[];
  readonly expiresAt: Date | null;
}

const KEY = /^cvmk_[A-Za-z0-9_-]{43}$/;
/** Enough to tell one key from another; more than 200 random bits follow. */
export const PREFIX_CHARACTERS = 12;

/** 256 random bits behind a prefix that secret scanners find: nobody guesses it, so a plain hash of it is enough to keep. */
export function newKey(): Secret {
  const random = randomBytes(32);
  const key = new Secret(`cvmk_${random.toString('base64url')}`);
  random.fill(0);
  return key;
}

/** Whether it can be a key of ours at all; anything else need not be looked up. */
export function looksLikeKey(presented: string): boolean {
  return KEY.test(presented);
}

export function prefixOf(key: Secret): string {
  return key.reveal().slice(0, PREFIX_CHARACTERS);
}

/** What a key is stored as and looked up by. */
export function hashOf(key: Secret): Buffer {
  return createHash('sha256').update(key.reveal(), 'utf8').digest();
}
