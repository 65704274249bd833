import type { Db, Tx } from '#libs/postgres';
import { type BoxOwner, BoxWillNotOpen, MasterKeyMissing, type Sealer } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { newSigningSecret } from './signature.js';
import type { SecretOwner, WebhookSecretStore } from './webhook-secret.store.js';

/** What an endpoint's deliveries are signed with, or why they can't be. */
export type OpenedSecrets =
  /** All that sign now, the newest first. */
  | { readonly kind: 'open'; readonly secrets: readonly Secret[] }
  | { readonly kind: 'unopenable'; readonly fault: Error };

const FIRST_VERSION = 1;

/** The secrets of an endpoint, sealed to its tenant, itself and their version: one copied to another row does not open. */
export class EndpointSecrets {
  constructor(
    private readonly store: WebhookSecretStore,
    private readonly sealer: Sealer,
  ) {}

  /** The only time that a secret leaves this class other than to sign: its owner is shown it once. */
  async mint(tx: Tx, endpoint: SecretOwner, at: Date): Promise<Secret> {
    const secret = newSigningSecret();
    const box = this.sealer.seal(secret, boxOwner(endpoint, FIRST_VERSION));
    await this.store.insert(tx, endpoint, { version: FIRST_VERSION, box }, at);
    return secret;
  }

  /** A box that was changed, or whose master key is gone, is an outcome: the delivery must know of it, and go on. */
  async open(db: Db, endpoint: SecretOwner): Promise<OpenedSecrets> {
    const sealed = await this.store.list(db, endpoint);
    try {
      const secrets = sealed.map(({ version, box }) => this.sealer.open(box, boxOwner(endpoint, version)));
      return { kind: 'open', secrets };
    } catch (error) {
      if (error instanceof BoxWillNotOpen || error instanceof MasterKeyMissing)
        return { kind: 'unopenable', fault: error };
      throw error;
    }
  }

  async destroy(tx: Tx, endpoint: SecretOwner): Promise<void> {
    await this.store.destroyAll(tx, endpoint);
  }
}

/** What a secret is bound to. */
export function boxOwner(endpoint: SecretOwner, version: number): BoxOwner {
  return [endpoint.tenantId, endpoint.id, 'webhookSecret', String(version)];
}
