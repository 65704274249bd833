export { countedUserId } from './account.js';
export type { Account, AccountStatus, AccountWithCredential } from './account.js';
export { AccountStore } from './account.store.js';
export { AccountsModule } from './accounts.module.js';
export { Accounts } from './accounts.service.js';
export type { Verification } from './accounts.service.js';
