import type { MasterKey } from '#libs/config';

/** A box names a master key that the ring no longer holds. */
export class MasterKeyMissing extends Error {
  constructor(readonly masterKeyId: string) {
    super(
      `the key ring has no master key "${masterKeyId}"; add it to MASTER_KEYS again, or re-wrap before removing a key`,
    );
  }
}

/** The master keys: the first one wraps, all of them unwrap. Printing a ring shows ids only. */
export class KeyRing {
  readonly #keys = new Map<string, Buffer>();
  readonly currentId: string;

  constructor(keys: readonly MasterKey[]) {
    const [current] = keys;
    if (current === undefined) throw new Error('a key ring needs at least one key');
    this.currentId = current.id;
    for (const key of keys) this.#keys.set(key.id, Buffer.from(key.material.reveal(), 'base64'));
  }

  /** The key with that id, or `MasterKeyMissing`. */
  key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (key === undefined) throw new MasterKeyMissing(id);
    return key;
  }
}
