import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import type { SigningKeyStore } from './signing-key.store.js';
import type { WebhookSecretStore } from './webhook-secret.store.js';

/**
 * What was replaced and signs no more. By then nothing is signed with it; that its rows go is for those who get hold of the
 * database and the master keys later on.
 */
export class SpentSecrets {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly secrets: WebhookSecretStore,
    private readonly keys: SigningKeyStore,
    private readonly clock: Clock,
  ) {}

  /** Gives how many. Safe to repeat and to race, with rotations and with deliveries. */
  async destroy(): Promise<number> {
    const { db } = this.postgres;
    const at = this.clock.now();
    return (await this.secrets.destroyExpired(db, at)) + (await this.keys.destroyUnpublished(db, at));
  }
}
