export { KeyRing, MasterKeyMissing } from './key-ring.js';
export { BoxWillNotOpen, Sealer } from './sealer.js';
export type { BoxOwner, SealedBox } from './sealer.js';
