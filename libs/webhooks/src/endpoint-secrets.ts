import type { Db, Tx } from '#libs/postgres';
import type { BoxOwner, Sealer } from '#libs/sealing';
import type { Secret } from '#libs/secret';
import { newSigningSecret } from './signature.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookSecretStore } from './webhook-secret.store.js';

type Owner = Pick<WebhookEndpoint, 'id' | 'tenantId'>;

const FIRST_VERSION = 1;

/** The secrets of an endpoint, sealed to its tenant, itself and their version: one copied to another row does not open. */
export class EndpointSecrets {
  constructor(
    private readonly store: WebhookSecretStore,
    private readonly sealer: Sealer,
  ) {}

  /** The only time that a secret leaves this class other than to sign: its owner is shown it once. */
  async mint(tx: Tx, endpoint: Owner, at: Date): Promise<Secret> {
    const secret = newSigningSecret();
    const box = this.sealer.seal(secret, boxOwner(endpoint, FIRST_VERSION));
    await this.store.insert(tx, endpoint.id, { version: FIRST_VERSION, box }, at);
    return secret;
  }

  /** All that sign now, the newest first. */
  async open(db: Db, endpoint: Owner): Promise<readonly Secret[]> {
    const sealed = await this.store.list(db, endpoint.id);
    return sealed.map(({ version, box }) => this.sealer.open(box, boxOwner(endpoint, version)));
  }

  async destroy(tx: Tx, endpoint: Owner): Promise<void> {
    await this.store.destroyAll(tx, endpoint.id);
  }
}

function boxOwner(endpoint: Owner, version: number): BoxOwner {
  return [endpoint.tenantId, endpoint.id, 'webhookSecret', String(version)];
}
