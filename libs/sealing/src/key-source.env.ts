import type { KeySource } from './key-source.js';
import { type MasterKey, parseMasterKeys, splitKeys } from './master-key.js';

/**
 * Keys that were handed over at the start of the process, as `MASTER_KEYS` has them. Others need a restart. They are kept
 * as bytes, which no picture of the heap shows, and as text only while they are read.
 */
export class EnvKeySource implements KeySource {
  readonly #bytes: Buffer;

  /** Throws a `KeySourceFault` when the text is no key ring. */
  constructor(text: string) {
    this.#bytes = Buffer.from(text, 'utf8');
    this.read();
  }

  read(): readonly MasterKey[] {
    const items = splitKeys(this.#bytes.toString('utf8'));
    return parseMasterKeys(items.map((item, index) => ({ where: `key ${index + 1}`, text: item })));
  }
}
