import type { AccountId, TenantId } from '#libs/ids';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { Account, AccountChange, CredentialRejection, Identity } from './account.js';
import { accountOf, type AccountTables, rejectionColumns } from './account.tables.js';

/** The accounts table. A deleted account keeps its row, for its audit log outlives it, but only `wasEver` finds it. */
export class AccountStore {
  async insert(tx: Tx, account: Account): Promise<void> {
    await tx
      .$extendTables<AccountTables>()
      .insertInto('accounts')
      .values({
        id: account.id,
        tenant_id: account.tenantId,
        name: account.name,
        site: account.site,
        status: account.status,
        uin: account.uin,
        user_id: account.userId,
        arn: account.arn,
        verified_at: account.verifiedAt,
        verify_not_before: null,
        verify_failures: 0,
        ...rejectionColumns(account.rejection),
        created_at: account.createdAt,
        updated_at: account.updatedAt,
        deleted_at: null,
      })
      .execute();
  }

  async find(db: Db, tenantId: TenantId, id: AccountId): Promise<Account | null> {
    const row = await one(db, tenantId, id).executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  }

  /** The same for many at once; those that are gone, or not the tenant's, are left out. */
  async findMany(db: Db, tenantId: TenantId, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Account>> {
    if (ids.length === 0) return new Map();
    const rows = await many(db, ids).where('tenant_id', '=', tenantId).execute();
    return new Map(rows.map((row) => [row.id, accountOf(row)]));
  }

  /** The same of any tenants. */
  async findManyOfAll(db: SystemDb, ids: readonly AccountId[]): Promise<ReadonlyMap<AccountId, Account>> {
    if (ids.length === 0) return new Map();
    const rows = await many(db, ids).execute();
    return new Map(rows.map((row) => [row.id, accountOf(row)]));
  }

  /** As `find`, and keeps the account as it is until `tx` ends; many may hold it so at once. */
  async findForShare(tx: Tx, tenantId: TenantId, id: AccountId): Promise<Account | null> {
    const row = await one(tx, tenantId, id).forShare().executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  }

  /**
   * The same for whoever is about to change or delete it: nobody else holds it until `tx` ends. To be called before `tx`
   * changes any row that belongs to the account, so that no two wait for each other. Rows that only refer to the account,
   * such as audit entries, can be written meanwhile.
   */
  async findForUpdate(tx: Tx, tenantId: TenantId, id: AccountId): Promise<Account | null> {
    const row = await one(tx, tenantId, id).forNoKeyUpdate().executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  }

  /** Deleted ones too. */
  async wasEver(db: Db, tenantId: TenantId, id: AccountId): Promise<boolean> {
    const row = await db
      .$extendTables<AccountTables>()
      .selectFrom('accounts')
      .select('id')
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Newest first, from behind `after`. */
  async list(
    db: Db,
    tenantId: TenantId,
    page: { readonly after: AccountId | null; readonly limit: number },
  ): Promise<readonly Account[]> {
    let query = db
      .$extendTables<AccountTables>()
      .selectFrom('accounts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('deleted_at', 'is', null);
    if (page.after !== null) query = query.where('id', '<', page.after);
    return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(accountOf);
  }

  async update(
    tx: Tx,
    tenantId: TenantId,
    id: AccountId,
    change: AccountChange & Partial<Pick<Identity, 'arn'>>,
    at: Date,
  ): Promise<Account | null> {
    const row = await tx
      .$extendTables<AccountTables>()
      .updateTable('accounts')
      .set({ ...change, updated_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('deleted_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : accountOf(row);
  }

  /** The cloud has told that the credential is good: a mark that it bore is gone. */
  async noteGood(tx: Tx, tenantId: TenantId, id: AccountId, at: Date): Promise<void> {
    await this.noteVerdict(tx, tenantId, id, { verified_at: at, ...rejectionColumns(null) });
  }

  /** The cloud has told that it is not. */
  async noteRejected(tx: Tx, tenantId: TenantId, id: AccountId, rejection: CredentialRejection): Promise<void> {
    await this.noteVerdict(tx, tenantId, id, { verified_at: rejection.at, ...rejectionColumns(rejection) });
  }

  /** The cloud has told what was known before. */
  async noteVerified(tx: Tx, tenantId: TenantId, id: AccountId, at: Date): Promise<void> {
    await this.noteVerdict(tx, tenantId, id, { verified_at: at });
  }

  private async noteVerdict(
    tx: Tx,
    tenantId: TenantId,
    id: AccountId,
    columns: Partial<AccountTables['accounts']>,
  ): Promise<void> {
    await tx
      .$extendTables<AccountTables>()
      .updateTable('accounts')
      .set({ ...columns, verify_not_before: null, verify_failures: 0 })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }

  async markDeleted(tx: Tx, tenantId: TenantId, id: AccountId, at: Date): Promise<void> {
    await tx
      .$extendTables<AccountTables>()
      .updateTable('accounts')
      .set({ deleted_at: at, updated_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }
}

function one(db: Db, tenantId: TenantId, id: AccountId) {
  return db
    .$extendTables<AccountTables>()
    .selectFrom('accounts')
    .selectAll()
    .where('id', '=', id)
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null);
}

function many(db: Db, ids: readonly AccountId[]) {
  return db
    .$extendTables<AccountTables>()
    .selectFrom('accounts')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .where('deleted_at', 'is', null);
}
