import type { NewEvent } from '#libs/events';
import type { AccountWithCredential } from './account.js';
import { accountView, type AccountView } from './account.view.js';

/** What `account.credential_rejected` carries: the account, with the rejection at its credential. */
export interface CredentialRejectedData {
  readonly account: AccountView;
}

export function credentialRejectedEvent(account: AccountWithCredential): NewEvent {
  const { tenantId, id } = account;
  const data: CredentialRejectedData = { account: accountView(account) };
  return { tenantId, accountId: id, type: 'account.credential_rejected', subject: id, data };
}
