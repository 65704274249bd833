import type { Secret } from '#libs/secret';

export interface StaticKeyOrder {
  readonly type: 'static';
  readonly secretId: Secret;
  readonly secretKey: Secret;
}

/** What a tenant hands over so that we may act for an account: a key, or the name of a role that trusts us. */
export type CredentialOrder = StaticKeyOrder | { readonly type: 'assumeRole'; readonly roleArn: string };

/** What is kept of it. The external id of a role is the tenant's, made by us: an order can't name one. */
export type KeptCredential =
  StaticKeyOrder | { readonly type: 'assumeRole'; readonly roleArn: string; readonly externalId: string };

/** A credential without its secrets: all that is ever shown. */
export interface CredentialSummary {
  readonly type: 'static' | 'assumeRole';
  readonly secretIdHint: string | null;
  readonly roleArn: string | null;
  readonly externalId: string | null;
  /** Begins with 1 and grows with each rotation. */
  readonly version: number;
  readonly rotatedAt: Date;
}

/** A credential ready to sign one call with. Keep it no longer than that. */
export type OpenCredential =
  | { readonly type: 'static'; readonly version: number; readonly secretId: Secret; readonly secretKey: Secret }
  | { readonly type: 'assumeRole'; readonly version: number; readonly roleArn: string; readonly externalId: string };

const SHOWN_CHARACTERS = 4;

/** Enough to tell one key from another (`AKID…wxyz`); of a short one less, so that never more than half of it shows. */
export function hintOf(secretId: Secret): string {
  const characters = [...secretId.reveal()];
  const shown = Math.min(SHOWN_CHARACTERS, Math.floor(characters.length / 4));
  const end = shown === 0 ? [] : characters.slice(-shown);
  return [...characters.slice(0, shown), '…', ...end].join('');
}
