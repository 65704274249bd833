import { AppError } from '#libs/errors';

/** The cloud knows the credential for bad. */
export class CredentialRejected extends AppError {
  readonly code = 'credential_rejected';
  readonly kind = 'unprocessable';
  readonly publicMessage: string;
  override readonly extensions: {
    readonly upstreamCode: string;
    readonly upstreamRequestId: string | null;
    /** Of a role alone: what its trust policy must ask for. */
    readonly externalId?: string;
  };

  constructor(upstreamCode: string, upstreamRequestId: string | null, externalId?: string) {
    super(`the cloud refused the credential: ${upstreamCode}`);
    this.publicMessage =
      externalId === undefined
        ? `Tencent Cloud refused the credential with ${upstreamCode}.`
        : `Tencent Cloud does not let this service assume the role: ${upstreamCode}. Its trust policy must name the ` +
          'account of this service, and externalId as the external id.';
    this.extensions = { upstreamCode, upstreamRequestId, ...(externalId !== undefined && { externalId }) };
  }
}

/** The operators have given the service no identity of its own, and no role trusts nobody. */
export class AssumeRoleUnavailable extends AppError {
  readonly code = 'assume_role_unavailable';
  readonly kind = 'unprocessable';
  readonly publicMessage =
    'This service has no identity to assume roles with: its operators must set PLATFORM_SECRET_ID and ' +
    'PLATFORM_SECRET_KEY. Until then use a credential of type "static".';

  constructor() {
    super('there is no platform key to assume a role with');
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
