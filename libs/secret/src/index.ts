export { Secret } from './secret.js';
export { withoutKeys } from './without-keys.js';
