import { AppError } from '#libs/errors';
import type { Scope, TenantScope } from './scope.js';

/** Why a key that was presented opens nothing. */
export type KeyFault = 'unknown' | 'revoked' | 'expired';

const FAULT_WORDS: Record<KeyFault, string> = {
  unknown: 'This API key is not known.',
  revoked: 'This API key has been revoked.',
  expired: 'This API key has expired.',
};

export class MissingApiKey extends AppError {
  readonly code = 'missing_api_key';
  readonly kind = 'unauthenticated';
  readonly publicMessage = 'This call needs an API key, sent as "Authorization: Bearer <key>".';
}

export class InvalidApiKey extends AppError {
  readonly code = 'invalid_api_key';
  readonly kind = 'unauthenticated';
  readonly publicMessage: string;

  constructor(fault: KeyFault) {
    super(`refused an API key: ${fault}`);
    this.publicMessage = FAULT_WORDS[fault];
  }
}

export class TenantSuspended extends AppError {
  readonly code = 'tenant_suspended';
  readonly kind = 'forbidden';
  readonly publicMessage = 'This tenant is suspended; its keys open nothing until an operator makes it active again.';
}

export class InsufficientScope extends AppError {
  readonly code = 'insufficient_scope';
  readonly kind = 'forbidden';
  readonly publicMessage: string;
  override readonly extensions: { readonly requiredScope: Scope };

  constructor(required: Scope) {
    super(`the key lacks the scope ${required}`);
    this.publicMessage = `This call needs the scope "${required}", which the API key does not have.`;
    this.extensions = { requiredScope: required };
  }
}

/** Nobody gives away what they do not hold. */
export class ScopeNotHeld extends AppError {
  readonly code = 'scope_not_held';
  readonly kind = 'forbidden';
  readonly publicMessage: string;

  constructor(scopes: readonly TenantScope[]) {
    super(`a key may not give ${scopes.join(', ')}`);
    this.publicMessage = `A key cannot give scopes that it lacks itself: ${scopes.join(', ')}.`;
  }
}

/** Nor does a key live on, past its own end, in one that it made. */
export class ExpiryTooLate extends AppError {
  readonly code = 'expiry_too_late';
  readonly kind = 'forbidden';
  readonly publicMessage: string;

  constructor(latest: Date) {
    super('a key may not make one that outlives it');
    this.publicMessage = `A key cannot make one that outlives it: expiresAt must be given, and at the latest ${latest.toISOString()}.`;
  }
}
