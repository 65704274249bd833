import { sql } from 'kysely';
import type { TenantId, WebhookEndpointId } from '#libs/ids';
import type { Db, SystemDb, SystemTx, Tx } from '#libs/postgres';
import type { SealedBox } from '#libs/sealing';
import type { EndpointKey } from './webhook-endpoint.js';

type SecretTables = {
  webhook_secrets: {
    endpoint_id: WebhookEndpointId;
    tenant_id: TenantId;
    version: number;
    master_key_id: string;
    box: unknown;
    created_at: Date;
    /** Null for the newest. */
    expires_at: Date | null;
  };
};

export interface SealedSecret {
  readonly version: number;
  readonly box: SealedBox;
}

/** One that signs for now, and until when. */
export interface SigningSecret extends SealedSecret {
  /** Null for the newest. */
  readonly expiresAt: Date | null;
}

/** Whose secrets they are. */
export type SecretOwner = EndpointKey;

/** A secret with all that its box is bound to. */
export interface OwnedSecret extends SealedSecret {
  readonly tenantId: TenantId;
  readonly endpointId: WebhookEndpointId;
}

/** Where a secret stands in the order of the table. */
export type SecretPlace = Pick<OwnedSecret, 'endpointId' | 'version'>;

/** The same secret, wrapped by another key. */
export interface RewrappedSecret {
  readonly before: OwnedSecret;
  readonly box: SealedBox;
}

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
        expires_at: null,
      })
      .execute();
  }

  /** Those that sign at that time, the newest version first. */
  async listSigning(db: Db, { id, tenantId }: SecretOwner, at: Date): Promise<readonly SigningSecret[]> {
    const rows = await db
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .selectAll()
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', at)]))
      .orderBy('version', 'desc')
      .execute();
    return rows.map((row) => ({ ...secretOf(row), expiresAt: row.expires_at }));
  }

  /** None of them signs beyond that time; one that was to end sooner still does. */
  async expire(tx: Tx, { id, tenantId }: SecretOwner, expiresAt: Date): Promise<void> {
    await tx
      .$extendTables<SecretTables>()
      .updateTable('webhook_secrets')
      .set({ expires_at: sql<Date>`least(expires_at, ${expiresAt})` })
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }

  /** How many rows each master key is needed for. */
  async countByMasterKey(db: SystemDb): Promise<ReadonlyMap<string, number>> {
    const rows = await db
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .select((eb) => ['master_key_id', eb.fn.countAll<number>().as('count')])
      .groupBy('master_key_id')
      .execute();
    return new Map(rows.map((row) => [row.master_key_id, row.count]));
  }

  /** The rows that need a master key which is none of these. */
  async listOfOtherKeys(
    db: SystemDb,
    masterKeyIds: readonly string[],
  ): Promise<readonly (SecretPlace & { readonly masterKeyId: string })[]> {
    const rows = await db
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .select(['endpoint_id', 'version', 'master_key_id'])
      .where('master_key_id', 'not in', masterKeyIds)
      .orderBy('endpoint_id')
      .orderBy('version')
      .execute();
    return rows.map((row) => ({
      endpointId: row.endpoint_id,
      version: row.version,
      masterKeyId: row.master_key_id,
    }));
  }

  /**
   * Rows that one of these master keys wraps, in order, from behind `after`. Nobody else changes them before `tx` ends;
   * those that somebody is just changing are left out.
   */
  async lockWrappedBy(
    tx: SystemTx,
    masterKeyIds: readonly string[],
    page: { readonly after: SecretPlace | null; readonly limit: number },
  ): Promise<readonly OwnedSecret[]> {
    let query = tx
      .$extendTables<SecretTables>()
      .selectFrom('webhook_secrets')
      .selectAll()
      .where('master_key_id', 'in', masterKeyIds)
      .orderBy('endpoint_id')
      .orderBy('version')
      .limit(page.limit)
      .forUpdate()
      .skipLocked();
    if (page.after !== null) {
      const { endpointId, version } = page.after;
      query = query.where(sql<boolean>`(endpoint_id, version) > (${endpointId}, ${version})`);
    }
    const rows = await query.execute();
    return rows.map((row) => ({ ...secretOf(row), tenantId: row.tenant_id, endpointId: row.endpoint_id }));
  }

  /** Compare-and-set for each row on the key that wrapped it before: a version never changes. Gives how many were set. */
  async replaceWraps(tx: SystemTx, wraps: readonly RewrappedSecret[]): Promise<number> {
    if (wraps.length === 0) return 0;
    const rows = wraps.map(({ before, box: { masterKeyId, ...box } }) => ({
      endpoint_id: before.endpointId,
      version: before.version,
      old_key: before.box.masterKeyId,
      new_key: masterKeyId,
      box,
    }));
    const { numAffectedRows } = await sql`
      update webhook_secrets set master_key_id = next.new_key, box = next.box
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as next (endpoint_id text, version integer, old_key text, new_key text, box jsonb)
      where webhook_secrets.endpoint_id = next.endpoint_id
        and webhook_secrets.version = next.version
        and webhook_secrets.master_key_id = next.old_key
    `.execute(tx);
    return Number(numAffectedRows ?? 0);
  }

  /** Those that have expired by then, and those before the version, expired or not. */
  async destroySpent(
    tx: Tx,
    { id, tenantId }: SecretOwner,
    spent: { readonly by: Date; readonly beforeVersion: number },
  ): Promise<void> {
    await tx
      .$extendTables<SecretTables>()
      .deleteFrom('webhook_secrets')
      .where('endpoint_id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where((eb) => eb.or([eb('expires_at', '<=', spent.by), eb('version', '<', spent.beforeVersion)]))
      .execute();
  }

  /** Of any endpoint, those that have expired by then. What somebody is just changing stays for the next time. */
  async destroyExpired(db: SystemDb, by: Date): Promise<number> {
    const tables = db.$extendTables<SecretTables>();
    const { numDeletedRows } = await tables
      .with('expired', (query) =>
        query
          .selectFrom('webhook_secrets')
          .select(['endpoint_id', 'version'])
          .where('expires_at', '<=', by)
          .forUpdate()
          .skipLocked(),
      )
      .deleteFrom('webhook_secrets')
      .using('expired')
      .whereRef('webhook_secrets.endpoint_id', '=', 'expired.endpoint_id')
      .whereRef('webhook_secrets.version', '=', 'expired.version')
      .executeTakeFirst();
    return Number(numDeletedRows);
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

function secretOf(row: Pick<SecretTables['webhook_secrets'], 'version' | 'master_key_id' | 'box'>): SealedSecret {
  return {
    version: row.version,
    box: { masterKeyId: row.master_key_id, ...(row.box as Omit<SealedBox, 'masterKeyId'>) },
  };
}
