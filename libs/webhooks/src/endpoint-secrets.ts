import type { Db, Tx } from '#libs/postgres';
import { type BoxOwner, BoxWillNotOpen, MasterKeyMissing, type Sealer } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { newSigningSecret } from './signature.js';
import type { SecretOwner, WebhookSecretStore } from './webhook-secret.store.js';

/** A secret that signs, and until when; null for the newest, which has no end yet. */
export interface OpenedSecret {
  readonly secret: Secret;
  readonly expiresAt: Date | null;
}

/** A secret that should have signed, and why it can't. */
export interface UnopenedSecret {
  readonly version: number;
  readonly fault: BoxWillNotOpen | MasterKeyMissing;
}

/** What an endpoint's deliveries are signed with. */
export interface OpenedSecrets {
  /** All that sign and open, the newest first. */
  readonly secrets: readonly OpenedSecret[];
  readonly unopened: readonly UnopenedSecret[];
}

const FIRST_VERSION = 1;
/** However often a secret is replaced within its overlap, no more than these sign side by side. */
const SIGNING_SECRETS_MAX = 3;

/** The secrets of an endpoint, sealed to its tenant, itself and their version: one copied to another row does not open. */
export class EndpointSecrets {
  constructor(
    private readonly store: WebhookSecretStore,
    private readonly sealer: Sealer,
  ) {}

  /** The first one of a new endpoint. Its owner is shown it once. */
  async mint(tx: Tx, endpoint: SecretOwner, at: Date): Promise<Secret> {
    return this.insert(tx, endpoint, FIRST_VERSION, at);
  }

  /**
   * Makes the next version, which its owner is shown once. Those before it sign for the overlap, never longer than they
   * were to sign before; of more than can sign side by side the oldest are destroyed at once. The caller holds the
   * endpoint's lock, so that no two make the same version.
   */
  async rotate(
    tx: Tx,
    endpoint: SecretOwner,
    overlapMs: number,
    at: Date,
  ): Promise<{ readonly secret: Secret; readonly version: number }> {
    const [newest] = await this.store.listSigning(tx, endpoint, at);
    const version = (newest?.version ?? 0) + 1;
    await this.store.expire(tx, endpoint, new Date(at.getTime() + overlapMs));
    await this.store.destroySpent(tx, endpoint, { by: at, beforeVersion: version - SIGNING_SECRETS_MAX + 1 });
    return { secret: await this.insert(tx, endpoint, version, at), version };
  }

  /**
   * Those that sign at that time. A box that was changed, or whose master key is gone, is an outcome: the delivery must
   * know of it, and go on with the others.
   */
  async open(db: Db, endpoint: SecretOwner, at: Date): Promise<OpenedSecrets> {
    const sealed = await this.store.listSigning(db, endpoint, at);
    const secrets: OpenedSecret[] = [];
    const unopened: UnopenedSecret[] = [];
    for (const { version, box, expiresAt } of sealed) {
      try {
        secrets.push({ secret: this.sealer.open(box, boxOwner(endpoint, version)), expiresAt });
      } catch (error) {
        if (!(error instanceof BoxWillNotOpen || error instanceof MasterKeyMissing)) throw error;
        unopened.push({ version, fault: error });
      }
    }
    return { secrets, unopened };
  }

  async destroy(tx: Tx, endpoint: SecretOwner): Promise<void> {
    await this.store.destroyAll(tx, endpoint);
  }

  private async insert(tx: Tx, endpoint: SecretOwner, version: number, at: Date): Promise<Secret> {
    const secret = newSigningSecret();
    const box = this.sealer.seal(secret, boxOwner(endpoint, version));
    await this.store.insert(tx, endpoint, { version, box }, at);
    return secret;
  }
}

/** What a secret is bound to. */
export function boxOwner(endpoint: SecretOwner, version: number): BoxOwner {
  return [endpoint.tenantId, endpoint.id, 'webhookSecret', String(version)];
}
