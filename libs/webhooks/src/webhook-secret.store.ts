import type { WebhookEndpointId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { SealedBox } from '#libs/sealing';

type SecretTables = {
  webhook_secrets: {
    endpoint_id: WebhookEndpointId;
    version: number;
    master_key_id: string;
    box: unknown;
    created_at: Date;
  };
};

export interface SealedSecret {
  readonly version: number;
  readonly box: SealedBox;
}

/** Sealed signing secrets, by endpoint and version. */
export class WebhookSecretStore {
  async insert(tx: Tx, endpointId: WebhookEndpointId, { version, box }: SealedSecret, at: Date): Promise<void> {
    const { masterKeyId, ...rest } = box;
    await tx
      .$extendTables<SecretTables>()
      .insertInto('webhook_secrets')
      .values({
        endpoint_id: endpointId,
        version,
        master_key_id: masterKeyId,
        box: JSON.stringify(rest),
        created_at: at,
      })
      .execute();
  }

  /** The newest version first. */
  async list(db: Db, endpointId: WebhookEndpointId): Promise<readonly SealedSecret[]> {
    const rows = await db
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .selectAll()
      .where('endpoint_id', '=', endpointId)
      .orderBy('version', 'desc')
      .execute();
    return rows.map((row) => ({
      version: row.version,
      box: { masterKeyId: row.master_key_id, ...(row.box as Omit<SealedBox, 'masterKeyId'>) },
    }));
  }

  async destroyAll(tx: Tx, endpointId: WebhookEndpointId): Promise<void> {
    await tx
      .$extendTables<SecretTables>()
      .deleteFrom('webhook_secrets')
      .where('endpoint_id', '=', endpointId)
      .execute();
  }
}
