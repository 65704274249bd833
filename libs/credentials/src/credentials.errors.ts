import type { AccountId, TenantId } from '#libs/ids';
import { type BoxWillNotOpen, MasterKeyMissing } from '#libs/sealing';

/** The account has no credential: it was deleted, or another tenant's id was given. Callers hold an account, so it is a fault. */
export class CredentialMissing extends Error {
  constructor(accountId: AccountId) {
    super(`there is no credential for ${accountId}`);
  }
}

/**
 * The sealed credential is there and does not open: its master key is not in this process's ring, or the box was changed
 * or moved. Only the operators can mend that, so whatever needs the credential waits for them.
 */
export class CredentialUnopenable extends Error {
  /** The key to put back into the ring; null when no key would help. */
  readonly missingKeyId: string | null;

  constructor(
    readonly tenantId: TenantId,
    readonly accountId: AccountId,
    cause: BoxWillNotOpen | MasterKeyMissing,
  ) {
    super(`the credential of ${accountId} does not open: ${cause.message}`, { cause });
    this.missingKeyId = cause instanceof MasterKeyMissing ? cause.masterKeyId : null;
  }
}
