import type { TenantId, WebhookEndpointId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { SealedBox } from '#libs/sealing';
import type { WebhookEndpoint } from './webhook-endpoint.js';

type SecretTables = {
  webhook_secrets: {
    endpoint_id: WebhookEndpointId;
    tenant_id: TenantId;
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

/** Whose secrets they are. */
export type SecretOwner = Pick<WebhookEndpoint, 'id' | 'tenantId'>;

/** Sealed signing secrets, by endpoint and version. */
export class WebhookSecretStore {
  async insert(tx: Tx, { id, tenantId }: SecretOwner, { version, box }: SealedSecret, at: Date): Promise<void> {
    const { masterKeyId, ...rest } = box;
    await tx
      .$extendTables<SecretTables>()
      .insertInto('webhook_secrets')
      .values({
        endpoint_id: id,
        tenant_id: tenantId,
        version,
        master_key_id: masterKeyId,
        box: JSON.stringify(rest),
        created_at: at,
      })
      .execute();
  }

  /** The newest version first. */
  async list(db: Db, { id, tenantId }: SecretOwner): Promise<readonly SealedSecret[]> {
    const rows = await db
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .selectAll()
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .orderBy('version', 'desc')
      .execute();
    return rows.map((row) => ({
      version: row.version,
      box: { masterKeyId: row.master_key_id, ...(row.box as Omit<SealedBox, 'masterKeyId'>) },
    }));
  }

  async destroyAll(tx: Tx, { id, tenantId }: SecretOwner): Promise<void> {
    await tx
      .$extendTables<SecretTables>()
      .deleteFrom('webhook_secrets')
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }
}
