export { CredentialBoxes } from './credential-boxes.js';
export type { CredentialOrder, CredentialSummary, KeptCredential, OpenCredential } from './credential.js';
export { CredentialStore } from './credential.store.js';
export { CredentialsModule } from './credentials.module.js';
export { CredentialUnopenable } from './credentials.errors.js';
export { Credentials } from './credentials.service.js';
