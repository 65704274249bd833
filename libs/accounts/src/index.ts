export type { Account, AccountChange, AccountStatus, AccountWithCredential, Identity } from './account.js';
export { AccountStore } from './account.store.js';
export { AccountsModule } from './accounts.module.js';
export { Accounts } from './accounts.service.js';
export type { AccountOrder, AccountUse, Verification } from './accounts.service.js';
export { IdentityCheck } from './identity-check.js';
