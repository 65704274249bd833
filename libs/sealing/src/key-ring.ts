import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Log } from '#libs/logging';
import type { KeySource } from './key-source.js';
import { KeySourceFault, type MasterKey } from './master-key.js';

/** A box names a master key that the ring does not hold. */
export class MasterKeyMissing extends Error {
  constructor(readonly masterKeyId: string) {
    super(
      `the key ring has no master key "${masterKeyId}": put it back into MASTER_KEYS or MASTER_KEYS_FILE, and run ` +
        'keys:rotate before it is removed again',
    );
  }
}

/** The key that wraps. */
export interface WrappingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Where a ring looks again, and whom it tells. */
interface Followed {
  readonly source: KeySource;
  readonly log: Log;
}

/**
 * The master keys: the first one wraps, all of them unwrap. Printing a ring shows nothing; the keys lie outside of the
 * JavaScript heap.
 */
export class KeyRing {
  #keys: ReadonlyMap<string, KeyObject>;
  #currentId: string;
  readonly #followed: Followed | null;

  /** A ring of just these keys, unless they are followed. */
  constructor(keys: readonly MasterKey[], followed: Followed | null = null) {
    const [current] = keys;
    if (current === undefined) throw new Error('a key ring needs at least one key');
    this.#keys = keyObjects(keys);
    this.#currentId = current.id;
    this.#followed = followed;
  }

  /**
   * A ring that follows its source: it looks there again before it wraps, and when a box names a key that it does not
   * hold. A source that has become unusable since changes nothing. The log tells the ids of the keys whenever they are
   * others than before, so that operators see which process has which ring.
   */
  static following(source: KeySource, log: Log): KeyRing {
    const ring = new KeyRing(source.read(), { source, log });
    log.info({ event: 'master_keys.read', masterKeyIds: ring.ids });
    return ring;
  }

  /** The ids of all keys, the current one first. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The key to wrap with from now on. */
  current(): WrappingKey {
    this.lookAgain();
    return { id: this.#currentId, key: this.key(this.#currentId) };
  }

  /** The key with that id, or `MasterKeyMissing`. */
  key(id: string): KeyObject {
    if (!this.#keys.has(id)) this.lookAgain();
    const key = this.#keys.get(id);
    if (key === undefined) throw new MasterKeyMissing(id);
    return key;
  }

  private lookAgain(): void {
    if (this.#followed === null) return;
    const { source, log } = this.#followed;
    try {
      const before = this.ids.join();
      const keys = source.read();
      const [current] = keys;
      if (current === undefined) return;
      this.#keys = keyObjects(keys);
      this.#currentId = current.id;
      if (this.ids.join() !== before) log.info({ event: 'master_keys.read', masterKeyIds: this.ids });
    } catch (error) {
      if (!(error instanceof KeySourceFault)) throw error;
      log.error({ event: 'master_keys.not_read', error });
    }
  }
}

function keyObjects(keys: readonly MasterKey[]): ReadonlyMap<string, KeyObject> {
  return new Map(
    keys.map(({ id, material }) => {
      const bytes = Buffer.from(material.reveal(), 'base64');
      const key = createSecretKey(bytes);
      bytes.fill(0);
      return [id, key];
    }),
  );
}
