import { type Generated, sql } from 'kysely';
import { newId } from '#libs/ids';
import type { AccountId, AuditEntryId, TenantId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { Actor, AuditAction, AuditEntry, NewAuditEntry, UpstreamCall } from './audit-entry.js';

type AuditTables = {
  audit_entries: {
    id: AuditEntryId;
    position: Generated<number>;
    tenant_id: TenantId | null;
    account_id: AccountId | null;
    at: Date;
    actor: unknown;
    action: AuditAction;
    target: unknown;
    outcome: 'success' | 'failure';
    request_id: string | null;
    upstream: unknown;
    detail: unknown;
  };
};

/** Narrows a listing; `from` is included, `to` is not. */
export interface AuditFilter {
  readonly action?: string;
  readonly actorId?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** Which log: an account's, or with null what belongs to none of the tenant's accounts. */
export interface AuditLog {
  readonly tenantId: TenantId;
  readonly accountId: AccountId | null;
}

/** The append-only table. It has no method that changes or removes an entry. */
export class AuditStore {
  /** Part of the transaction that it tells of: if it can't be written, the act does not happen. */
  async append(tx: Tx, entry: NewAuditEntry, at: Date): Promise<void> {
    await this.appendAll(tx, [entry], at);
  }

  /** The same for many acts at once, in their order. */
  async appendAll(tx: Tx, entries: readonly NewAuditEntry[], at: Date): Promise<void> {
    if (entries.length === 0) return;
    await tx
      .$extendTables<AuditTables>()
      .insertInto('audit_entries')
      .values(entries.map((entry) => rowOf(entry, at)))
      .execute();
  }

  /** Oldest first, from behind `afterPosition`. */
  async list(
    db: Db,
    log: AuditLog,
    filter: AuditFilter,
    page: { readonly afterPosition: number; readonly limit: number },
  ): Promise<readonly AuditEntry[]> {
    let query = db
      .$extendTables<AuditTables>()
      .selectFrom('audit_entries')
      .selectAll()
      .where('tenant_id', '=', log.tenantId)
      .where('account_id', log.accountId === null ? 'is' : '=', log.accountId)
      .where('position', '>', page.afterPosition)
      .orderBy('position')
      .limit(page.limit);
    if (filter.action !== undefined) query = query.where('action', '=', filter.action as AuditAction);
    if (filter.actorId !== undefined) query = query.where(sql<string>`actor ->> 'id'`, '=', filter.actorId);
    if (filter.from !== undefined) query = query.where('at', '>=', filter.from);
    if (filter.to !== undefined) query = query.where('at', '<', filter.to);

    return (await query.execute()).map((row) => ({
      id: row.id,
      position: row.position,
      tenantId: row.tenant_id,
      accountId: row.account_id,
      at: row.at,
      actor: row.actor as Actor,
      action: row.action,
      target: row.target as AuditEntry['target'],
      outcome: row.outcome,
      requestId: row.request_id,
      upstream: row.upstream as UpstreamCall | null,
      detail: row.detail as AuditEntry['detail'],
    }));
  }
}

function rowOf(entry: NewAuditEntry, at: Date): Omit<AuditTables['audit_entries'], 'position'> {
  return {
    id: newId('aud'),
    tenant_id: entry.tenantId,
    account_id: entry.accountId,
    at,
    actor: JSON.stringify(entry.actor),
    action: entry.action,
    target: JSON.stringify(entry.target),
    outcome: entry.outcome,
    request_id: entry.requestId,
    upstream: entry.upstream === null ? null : JSON.stringify(entry.upstream),
    detail: JSON.stringify(entry.detail),
  };
}
