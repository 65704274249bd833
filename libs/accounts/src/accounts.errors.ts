import { AppError } from '#libs/errors';

/** The cloud knows the credential for bad. */
export class CredentialRejected extends AppError {
  readonly code = 'credential_rejected';
  readonly kind = 'unprocessable';
  readonly publicMessage: string;
  override readonly extensions: { readonly upstreamCode: string; readonly upstreamRequestId: string | null };

  constructor(upstreamCode: string, upstreamRequestId: string | null) {
    super(`the cloud refused the credential: ${upstreamCode}`);
    this.publicMessage = `Tencent Cloud refused the credential with ${upstreamCode}.`;
    this.extensions = { upstreamCode, upstreamRequestId };
  }
}

/** The cloud gave no answer, or none about the credential. */
export class UpstreamUnavailable extends AppError {
  readonly code = 'upstream_unavailable';
  readonly kind = 'unavailable';
  readonly publicMessage = 'Tencent Cloud could not be asked whether the credential is good. Nothing was changed.';
  override readonly retryAfterMs = 5000;

  constructor(reason: string) {
    super(`the cloud could not be asked about a credential: ${reason}`);
  }
}

export class CredentialIdentityMismatch extends AppError {
  readonly code = 'credential_identity_mismatch';
  readonly kind = 'conflict';
  readonly publicMessage =
    'This credential belongs to another identity than the account. Register it as an account of its own.';
}

export class AccountDisabled extends AppError {
  readonly code = 'account_disabled';
  readonly kind = 'conflict';
  readonly publicMessage = 'This account is disabled; it takes no image requests until it is made active again.';
}

export class AccountInUse extends AppError {
  readonly code = 'account_in_use';
  readonly kind = 'conflict';
  readonly publicMessage = 'Image requests of this account are still open. Cancel them or wait until they end.';
}

/** The account that a body names is not there, or is another tenant's; the words are the same for both. */
export class UnknownAccount extends AppError {
  readonly code = 'not_found';
  readonly kind = 'not_found';
  readonly publicMessage = 'There is no such account.';
  override readonly extensions = {
    errors: [{ pointer: '/accountId', code: 'not_found', detail: 'names no account of this tenant' }],
  };
}
