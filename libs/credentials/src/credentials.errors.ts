import type { AccountId } from '#libs/ids';

/** The account has no credential: it was deleted, or another tenant's id was given. Callers hold an account, so it is a fault. */
export class CredentialMissing extends Error {
  constructor(accountId: AccountId) {
    super(`there is no credential for ${accountId}`);
  }
}
