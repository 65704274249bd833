import { sql } from 'kysely';
import type { AccountId, TenantId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
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
