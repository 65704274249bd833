export { pagesInOrder, rewrapEach } from './box-table.js';
export type { BoxRow, BoxTable, PlacedPage, RewrappedPage } from './box-table.js';
export { KeyRing, MasterKeyMissing } from './key-ring.js';
export { EnvKeySource } from './key-source.env.js';
export { FileKeySource } from './key-source.file.js';
export type { KeySource } from './key-source.js';
export { KeySourceFault } from './master-key.js';
export { BoxWillNotOpen, Sealer } from './sealer.js';
export type { BoxOwner, SealedBox } from './sealer.js';
