export type { CredentialOrder, CredentialSummary, OpenCredential } from './credential.js';
export { CredentialStore } from './credential.store.js';
export { CredentialMissing } from './credentials.errors.js';
export { CredentialsModule } from './credentials.module.js';
export { Credentials } from './credentials.service.js';
