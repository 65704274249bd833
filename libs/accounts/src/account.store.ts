import { sql } from 'kysely';
import type { Site } from '#libs/config';
import type { AccountId, TenantId } from '#libs/ids';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { Account, AccountChange, AccountStatus, CredentialRejection, Identity } from './account.js';

type AccountTables = {
  accounts: {
    id: AccountId;
    tenant_id: TenantId;
    name: string;
    site: Site;
    status: AccountStatus;
    uin: string;
    user_id: string;
    arn: string;
    verified_at: Date;
    verify_not_before: Date | null;
    rejected_at: Date | null;
    rejected_code: string | null;
    rejected_request_id: string | null;
    created_at: Date;
    updated_at: Date;
    deleted_at: Date | null;
  };
};

/** Which accounts are to be verified, and how long they are left alone after that. */
export interface VerificationDue {
  readonly verifiedBefore: Date;
  readonly markedBefore: Date;
  readonly now: Date;
  readonly claimMs: number;
  readonly claimMaxMs: number;
}

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

  /**
   * Active accounts, whosever, of whose credential the cloud has told nothing since `verifiedBefore`, or since
   * `markedBefore` where they are marked, longest ago first. Nobody else gets them for `claimMs`, or for as long as they
   * are overdue where that is longer, but for no longer than `claimMaxMs`. Any number may claim at once.
   */
  async claimForVerification(db: SystemDb, due: VerificationDue, limit: number): Promise<readonly Account[]> {
    const rows = await db
      .$extendTables<AccountTables>()
      .with('due', (cte) =>
        cte
          .selectFrom('accounts')
          .select('id')
          .where('status', '=', 'active')
          .where('deleted_at', 'is', null)
          .where((eb) =>
            eb.or([
              eb('verified_at', '<=', due.verifiedBefore),
              eb.and([eb('rejected_at', 'is not', null), eb('verified_at', '<=', due.markedBefore)]),
            ]),
          )
          .where((eb) => eb.or([eb('verify_not_before', 'is', null), eb('verify_not_before', '<=', due.now)]))
          .orderBy('verified_at')
          .limit(limit)
          .forNoKeyUpdate()
          .skipLocked(),
      )
      .updateTable('accounts')
      .from('due')
      .set({ verify_not_before: claimedUntil(due) })
      .whereRef('accounts.id', '=', 'due.id')
      .returningAll('accounts')
      .execute();
    return rows.map(accountOf);
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
      .set({ ...columns, verify_not_before: null })
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

function claimedUntil({ verifiedBefore, markedBefore, now, claimMs, claimMaxMs }: VerificationDue) {
  const longest = new Date(now.getTime() + claimMaxMs);
  return sql<Date>`least(${longest}::timestamptz, ${now}::timestamptz + greatest(
    ${claimMs} * interval '1 millisecond',
    case when accounts.rejected_at is null then ${verifiedBefore}::timestamptz else ${markedBefore}::timestamptz end
      - accounts.verified_at
  ))`;
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

function accountOf(row: AccountTables['accounts']): Account {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    site: row.site,
    status: row.status,
    uin: row.uin,
    userId: row.user_id,
    arn: row.arn,
    verifiedAt: row.verified_at,
    rejection: rejectionOf(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rejectionOf(row: AccountTables['accounts']): CredentialRejection | null {
  const { rejected_at: at, rejected_code: code, rejected_request_id: upstreamRequestId } = row;
  return at === null || code === null ? null : { at, code, upstreamRequestId };
}

function rejectionColumns(rejection: CredentialRejection | null) {
  return {
    rejected_at: rejection?.at ?? null,
    rejected_code: rejection?.code ?? null,
    rejected_request_id: rejection?.upstreamRequestId ?? null,
  };
}
