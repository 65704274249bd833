import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Secret } from '#libs/secret';
import type { KeyRing } from './key-ring.js';

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

/** Envelope encryption: a fresh data key for every box, wrapped by the current key of the ring. */
export class Sealer {
  constructor(private readonly ring: KeyRing) {}

  /** Always wraps with the ring's current key. */
  seal(secret: Secret, owner: BoxOwner): SealedBox {
    const dataKey = randomBytes(32);
    const masterKeyId = this.ring.currentId;
    const associated = associatedData(owner);
    const box = {
      masterKeyId,
      wrappedKey: encrypt(this.ring.key(masterKeyId), dataKey, wrapData(masterKeyId, associated)),
      sealed: encrypt(dataKey, Buffer.from(secret.reveal(), 'utf8'), associated),
    };
    dataKey.fill(0);
    return box;
  }

  /** Throws `MasterKeyMissing` when the ring lacks the box's key, `BoxWillNotOpen` when the box is not that owner's. */
  open(box: SealedBox, owner: BoxOwner): Secret {
    const masterKey = this.ring.key(box.masterKeyId);
    const associated = associatedData(owner);
    try {
      const dataKey = decrypt(masterKey, box.wrappedKey, wrapData(box.masterKeyId, associated));
      const value = decrypt(dataKey, box.sealed, associated);
      const secret = new Secret(value.toString('utf8'));
      dataKey.fill(0);
      value.fill(0);
      return secret;
    } catch (error) {
      // The cipher's own words, which name neither key nor text.
      throw new BoxWillNotOpen(owner, error);
    }
  }
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

function encrypt(key: Buffer, plain: Buffer, associated: Buffer): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function decrypt(key: Buffer, box: string, associated: Buffer): Buffer {
  const bytes = Buffer.from(box, 'base64');
  if (bytes.length < 28) throw new Error('too short for nonce and tag');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    .setAAD(associated)
    .setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
}
