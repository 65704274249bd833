import { type Actor, type AuditStore, type NewAuditEntry, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { newId } from '#libs/ids';
import type { Postgres, SystemDb, SystemTx } from '#libs/postgres';
import { type BoxOwner, BoxWillNotOpen, MasterKeyMissing, type Sealer } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { newSigningKeyPair } from './signature.js';
import { keySigningAt, PUBLISHED_AFTER_MS, type PublishedKey, SIGNS_AFTER_MS } from './signing-key.js';
import type { SealedSigningKey, SigningKeyStore } from './signing-key.store.js';

/** Who makes a key, as the audit log names them. */
const [SERVICE, OPERATORS] = ['webhook signatures', 'webhook-keys:rotate'].map(systemActor) as [Actor, Actor];

/** The private half that signs now, or why it can't. */
export type OpenedKey =
  | { readonly kind: 'open'; readonly privateKey: Secret }
  | { readonly kind: 'unopenable'; readonly fault: BoxWillNotOpen | MasterKeyMissing };

export interface KeyReplacement {
  /** `pending`: a new key is published already and does not sign yet, so nothing was changed. */
  readonly kind: 'replaced' | 'pending';
  /** The newest now. */
  readonly key: PublishedKey;
  /** Those whose place it takes, as they are now. */
  readonly before: readonly PublishedKey[];
}

/**
 * The service's own keys for `v1a` signatures. The first one is made when it is first needed, by whichever process that
 * is: when somebody asks for the public keys, or when a delivery is to be signed, and committed before either goes on.
 * Nobody is therefore told of an empty list that he might keep.
 */
export class SigningKeys {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: SigningKeyStore,
    private readonly sealer: Sealer,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** What receivers may verify with now. There is always one at least. */
  async published(): Promise<readonly PublishedKey[]> {
    const at = this.clock.now();
    const keys = await this.store.listPublished(this.postgres.unbound, at);
    if (keys.length > 0) return keys;
    await this.makeFirst();
    return this.store.listPublished(this.postgres.unbound, at);
  }

  /** What signs at that time. */
  async open(db: SystemDb, at: Date): Promise<OpenedKey> {
    let key = keySigningAt(await this.store.list(db), at);
    if (key === undefined) {
      await this.makeFirst();
      key = keySigningAt(await this.store.list(db), at);
    }
    if (key === undefined) throw new Error('the key that was just made is gone');
    try {
      return { kind: 'open', privateKey: this.sealer.open(key.box, signingKeyOwner(key)) };
    } catch (error) {
      if (error instanceof BoxWillNotOpen || error instanceof MasterKeyMissing)
        return { kind: 'unopenable', fault: error };
      throw error;
    }
  }

  /** Publishes a new key, which signs once all who keep a copy have seen it; the one before stays published beyond that. */
  async replace(): Promise<KeyReplacement> {
    return this.inTurn(async (tx, at) => {
      const keys = await this.store.list(tx);
      const newest = keys.find(({ publishedUntil }) => publishedUntil === null);
      if (newest === undefined) return { kind: 'replaced', key: await this.make(tx, at, at, OPERATORS), before: keys };
      if (newest.signsFrom > at) return { kind: 'pending', key: newest, before: [] };
      const signsFrom = new Date(at.getTime() + SIGNS_AFTER_MS);
      const publishedUntil = new Date(signsFrom.getTime() + PUBLISHED_AFTER_MS);
      await this.store.publishUntil(tx, newest.id, publishedUntil);
      return {
        kind: 'replaced',
        key: await this.make(tx, at, signsFrom, OPERATORS),
        before: [{ ...newest, publishedUntil }],
      };
    });
  }

  /**
   * For keys that somebody else may know: all of them are destroyed and published no longer, and a new one signs at once.
   * Receivers that keep a copy of the list refuse `v1a` until they look again.
   */
  async replaceAtOnce(): Promise<KeyReplacement> {
    return this.inTurn(async (tx, at) => {
      const before = (await this.store.list(tx)).map((key) => ({ ...key, publishedUntil: null }));
      await this.store.destroyAll(tx);
      return { kind: 'replaced', key: await this.make(tx, at, at, OPERATORS), before };
    });
  }

  private async makeFirst(): Promise<void> {
    await this.inTurn(async (tx, at) => {
      if ((await this.store.list(tx)).length === 0) await this.make(tx, at, at, SERVICE);
    });
  }

  private async inTurn<Result>(work: (tx: SystemTx, at: Date) => Promise<Result>): Promise<Result> {
    return this.postgres.asSystem(async (tx) => {
      await this.store.lock(tx);
      return work(tx, this.clock.now());
    });
  }

  private async make(tx: SystemTx, at: Date, signsFrom: Date, by: Actor): Promise<PublishedKey> {
    const { publicKey, privateKey } = newSigningKeyPair();
    const key: PublishedKey = { id: newId('whk'), publicKey, createdAt: at, signsFrom, publishedUntil: null };
    const box = this.sealer.seal(privateKey, signingKeyOwner(key));
    await this.store.insert(tx, { ...key, box });
    await this.audit.append(tx, keyCreated(key, by), at);
    return key;
  }
}

/** What a private key is bound to: with another public one beside it, it does not open. */
export function signingKeyOwner({ id, publicKey }: Pick<SealedSigningKey, 'id' | 'publicKey'>): BoxOwner {
  return ['webhookSigningKey', id, publicKey];
}

function keyCreated({ id, publicKey, signsFrom }: PublishedKey, actor: Actor): NewAuditEntry {
  return {
    tenantId: null,
    accountId: null,
    actor,
    action: 'webhook_signing_key.create',
    target: { type: 'webhook_signing_key', id },
    outcome: 'success',
    requestId: null,
    upstream: null,
    detail: { publicKey, signsFrom: signsFrom.toISOString() },
  };
}
