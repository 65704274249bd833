import type { MasterKey } from './master-key.js';

/** Where a process has its master keys from. Every source passes the suite in `key-source.contract.ts`. */
export interface KeySource {
  /**
   * All keys, the current one first. Whoever asks again gets what stands there by then. Throws a `KeySourceFault`, whose
   * words never repeat what was read.
   */
  read(): readonly MasterKey[];
}
