import { sql } from 'kysely';
import type { AccountId, TenantId } from '#libs/ids';
import type { Db, SystemDb, SystemTx, Tx } from '#libs/postgres';
import type { SealedBox } from '#libs/sealing';
import type { CredentialSummary } from './credential.js';

/** Both halves of a static key, each sealed on its own. */
export interface StaticBox {
  readonly secretId: SealedBox;
  readonly secretKey: SealedBox;
}

type CredentialTables = {
  credentials: {
    account_id: AccountId;
    tenant_id: TenantId;
    type: 'static' | 'assumeRole';
    version: number;
    secret_id_hint: string | null;
    role_arn: string | null;
    external_id: string | null;
    master_key_id: string | null;
    box: unknown;
    rotated_at: Date;
  };
};

/** A credential as it is stored. `box` is null for a role, which needs no secret of the tenant's. */
export interface SealedCredential extends CredentialSummary {
  readonly tenantId: TenantId;
  readonly accountId: AccountId;
  readonly box: StaticBox | null;
}

/** One of a type that has secrets. */
export type BoxedCredential = SealedCredential & { readonly box: StaticBox };

/** The same boxes, wrapped by another key. */
export interface Rewrapped {
  readonly before: BoxedCredential;
  readonly box: StaticBox;
}

/** The credentials table: one row for each account, gone for good when the account goes. */
export class CredentialStore {
  async insert(tx: Tx, credential: SealedCredential): Promise<void> {
    await tx
      .$extendTables<CredentialTables>()
      .insertInto('credentials')
      .values({ account_id: credential.accountId, tenant_id: credential.tenantId, ...columnsOf(credential) })
      .execute();
  }

  async replace(tx: Tx, credential: SealedCredential): Promise<void> {
    await tx
      .$extendTables<CredentialTables>()
      .updateTable('credentials')
      .set(columnsOf(credential))
      .where('account_id', '=', credential.accountId)
      .where('tenant_id', '=', credential.tenantId)
      .execute();
  }

  async find(db: Db, tenantId: TenantId, accountId: AccountId): Promise<SealedCredential | null> {
    const row = await db
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst();
    return row === undefined ? null : credentialOf(row);
  }

  /** The same, and keeps anyone else from replacing it before `tx` ends. */
  async findForUpdate(tx: Tx, tenantId: TenantId, accountId: AccountId): Promise<SealedCredential | null> {
    const row = await tx
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('tenant_id', '=', tenantId)
      .forUpdate()
      .executeTakeFirst();
    return row === undefined ? null : credentialOf(row);
  }

  async summaries(
    db: Db,
    tenantId: TenantId,
    accountIds: readonly AccountId[],
  ): Promise<ReadonlyMap<AccountId, CredentialSummary>> {
    const rows = await db
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('account_id', '=', sql<AccountId>`any(${[...accountIds]})`)
      .execute();
    return new Map(rows.map((row) => [row.account_id, summaryOf(row)]));
  }

  /** How many rows each master key is needed for. */
  async countByMasterKey(db: SystemDb): Promise<ReadonlyMap<string, number>> {
    const rows = await db
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .select((eb) => ['master_key_id', eb.fn.countAll<number>().as('count')])
      .where('master_key_id', 'is not', null)
      .groupBy('master_key_id')
      .execute();
    return new Map(rows.map((row) => [row.master_key_id ?? '', row.count]));
  }

  /** The rows that need a master key which is none of these. */
  async listOfOtherKeys(
    db: SystemDb,
    masterKeyIds: readonly string[],
  ): Promise<readonly { readonly accountId: AccountId; readonly version: number; readonly masterKeyId: string }[]> {
    const rows = await db
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .select(['account_id', 'version', 'master_key_id'])
      .where('master_key_id', 'not in', masterKeyIds)
      .orderBy('account_id')
      .execute();
    return rows.map((row) => ({
      accountId: row.account_id,
      version: row.version,
      masterKeyId: row.master_key_id ?? '',
    }));
  }

  /**
   * Rows that one of these master keys wraps, in order of their accounts, from behind `after`. Nobody else changes them
   * before `tx` ends; those that somebody is just changing are left out.
   */
  async lockWrappedBy(
    tx: SystemTx,
    masterKeyIds: readonly string[],
    page: { readonly after: AccountId | null; readonly limit: number },
  ): Promise<readonly BoxedCredential[]> {
    let query = tx
      .$extendTables<CredentialTables>()
      .selectFrom('credentials')
      .selectAll()
      .where('master_key_id', 'in', masterKeyIds)
      .orderBy('account_id')
      .limit(page.limit)
      .forUpdate()
      .skipLocked();
    if (page.after !== null) query = query.where('account_id', '>', page.after);
    return (await query.execute()).map((row) => boxed(credentialOf(row)));
  }

  /** Compare-and-set for each row on its version and the key that wrapped it before. Gives how many were set. */
  async replaceWraps(tx: SystemTx, wraps: readonly Rewrapped[]): Promise<number> {
    if (wraps.length === 0) return 0;
    const rows = wraps.map(({ before, box }) => ({
      account_id: before.accountId,
      version: before.version,
      old_key: before.box.secretKey.masterKeyId,
      new_key: box.secretKey.masterKeyId,
      box,
    }));
    const { numAffectedRows } = await sql`
      update credentials set master_key_id = next.new_key, box = next.box
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as next (account_id text, version integer, old_key text, new_key text, box jsonb)
      where credentials.account_id = next.account_id
        and credentials.version = next.version
        and credentials.master_key_id = next.old_key
    `.execute(tx);
    return Number(numAffectedRows ?? 0);
  }

  /** The data key goes with the row: from then on the master key alone opens nothing. */
  async delete(tx: Tx, tenantId: TenantId, accountId: AccountId): Promise<void> {
    await tx
      .$extendTables<CredentialTables>()
      .deleteFrom('credentials')
      .where('account_id', '=', accountId)
      .where('tenant_id', '=', tenantId)
      .execute();
  }
}

type Row = CredentialTables['credentials'];

function columnsOf(credential: SealedCredential): Omit<Row, 'account_id' | 'tenant_id'> {
  return {
    type: credential.type,
    version: credential.version,
    secret_id_hint: credential.secretIdHint,
    role_arn: credential.roleArn,
    external_id: credential.externalId,
    master_key_id: credential.box?.secretKey.masterKeyId ?? null,
    box: credential.box === null ? null : JSON.stringify(credential.box),
    rotated_at: credential.rotatedAt,
  };
}

function summaryOf(row: Row): CredentialSummary {
  return {
    type: row.type,
    secretIdHint: row.secret_id_hint,
    roleArn: row.role_arn,
    externalId: row.external_id,
    version: row.version,
    rotatedAt: row.rotated_at,
  };
}

function credentialOf(row: Row): SealedCredential {
  return {
    ...summaryOf(row),
    tenantId: row.tenant_id,
    accountId: row.account_id,
    box: row.box as StaticBox | null,
  };
}

function boxed({ box, ...rest }: SealedCredential): BoxedCredential {
  if (box === null) throw new Error(`the credential of ${rest.accountId} names a master key and has no box`);
  return { ...rest, box };
}
