import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { Secret } from '#libs/secret';
import type { KeyRing, WrappingKey } from './key-ring.js';

/**
 * A sealed value as it is stored: the data key wrapped by the master key `masterKeyId`, and the value sealed by the data
 * key. Both are AES-256-GCM as base64 of nonce (12 bytes), ciphertext and tag (16 bytes).
 */
export interface SealedBox {
  readonly masterKeyId: string;
  readonly wrappedKey: string;
  readonly sealed: string;
}

/** What a box belongs to, part by part. It is authenticated: a box moved to another owner does not open. */
export type BoxOwner = readonly string[];

/** The box is damaged, or does not belong to the owner that was named. */
export class BoxWillNotOpen extends Error {
  constructor(owner: BoxOwner, cause: unknown) {
    super(`the sealed box of ${owner.join(' / ')} does not open: it was changed or moved`, { cause });
  }
}

/** What is to be sealed, and whose it is. */
export interface Sealable {
  readonly secret: Secret;
  readonly owner: BoxOwner;
}

/**
 * Envelope encryption: a fresh data key for every box, wrapped by the current key of the ring. Data keys and plain bytes
 * are wiped before a method returns or throws.
 */
export class Sealer {
  constructor(private readonly ring: KeyRing) {}

  /** Always wraps with the ring's current key. */
  seal(secret: Secret, owner: BoxOwner): SealedBox {
    return sealWith(this.ring.current(), { secret, owner });
  }

  /** The same for what is stored in one row: all its boxes are wrapped by one key, even while the ring changes. */
  sealTogether<const Parts extends readonly Sealable[]>(parts: Parts): { readonly [Part in keyof Parts]: SealedBox } {
    const current = this.ring.current();
    return parts.map((part) => sealWith(current, part)) as { readonly [Part in keyof Parts]: SealedBox };
  }

  /** Throws `MasterKeyMissing` when the ring lacks the box's key, `BoxWillNotOpen` when the box is not that owner's. */
  open(box: SealedBox, owner: BoxOwner): Secret {
    return this.withDataKey(box, owner, (dataKey, associated) => {
      const value = decrypt(dataKey, box.sealed, associated);
      const secret = new Secret(value.toString('utf8'));
      value.fill(0);
      return secret;
    });
  }

  /**
   * The same box wrapped by the ring's current key. The value in it is not touched: whoever re-wraps never sees it. Throws
   * as `open` does, but does not notice when only the sealed value was changed.
   */
  rewrap(box: SealedBox, owner: BoxOwner): SealedBox {
    const current = this.ring.current();
    if (box.masterKeyId === current.id) return box;
    return this.withDataKey(box, owner, (dataKey, associated) => ({
      masterKeyId: current.id,
      wrappedKey: wrap(current, dataKey, associated),
      sealed: box.sealed,
    }));
  }

  private withDataKey<Result>(
    box: SealedBox,
    owner: BoxOwner,
    use: (dataKey: Buffer, associated: Buffer) => Result,
  ): Result {
    const masterKey = this.ring.key(box.masterKeyId);
    const associated = associatedData(owner);
    let dataKey: Buffer | undefined;
    try {
      dataKey = decrypt(masterKey, box.wrappedKey, wrapData(box.masterKeyId, associated));
      return use(dataKey, associated);
    } catch (error) {
      // The cipher's own words, which name neither key nor text.
      throw new BoxWillNotOpen(owner, error);
    } finally {
      dataKey?.fill(0);
    }
  }
}

function sealWith(current: WrappingKey, { secret, owner }: Sealable): SealedBox {
  const associated = associatedData(owner);
  const dataKey = randomBytes(32);
  const value = Buffer.from(secret.reveal(), 'utf8');
  try {
    return {
      masterKeyId: current.id,
      wrappedKey: wrap(current, dataKey, associated),
      sealed: encrypt(dataKey, value, associated),
    };
  } finally {
    dataKey.fill(0);
    value.fill(0);
  }
}

function wrap({ id, key }: WrappingKey, dataKey: Buffer, associated: Buffer): string {
  return encrypt(key, dataKey, wrapData(id, associated));
}

/** Unambiguous: each part is preceded by its length, so no two owners give the same bytes. */
function associatedData(owner: BoxOwner): Buffer {
  return Buffer.concat(
    owner.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function wrapData(masterKeyId: string, associated: Buffer): Buffer {
  return Buffer.concat([associatedData(['data key', masterKeyId]), associated]);
}

function encrypt(key: Buffer | KeyObject, plain: Buffer, associated: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** In GCM the first call gives all of the text, so the result is the only copy of it, for the caller to wipe. */
function decrypt(key: Buffer | KeyObject, box: string, associated: Buffer): Buffer {
  const bytes = Buffer.from(box, 'base64');
  if (bytes.length < 28) throw new Error('too short for nonce and tag');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(associated)
    .setAuthTag(bytes.subarray(-16));
  const plain = decipher.update(bytes.subarray(12, -16));
  try {
    decipher.final();
    return plain;
  } catch (error) {
    plain.fill(0);
    throw error;
  }
}
