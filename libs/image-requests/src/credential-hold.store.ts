import { type SqlBool, sql } from 'kysely';
import type { CredentialRejection } from '#libs/accounts';
import type { AccountId, ImageRequestId } from '#libs/ids';
import type { SystemDb } from '#libs/postgres';
import { credentialRejected } from './failures.js';
import type { ImageRequestStatus } from './image-request-status.js';
import { columnsOf, type ImageRequestChanges } from './image-request-work.store.js';
import type { ImageRequestTables } from './image-request.tables.js';
import type { LaneEntrant } from './lane-entrance.js';

/** A request that was let go: back to its lane, or to whoever looks what became of its call. */
export interface Released extends LaneEntrant {
  readonly status: ImageRequestStatus;
}

/**
 * What a queued request that waits for its account's credential remembers. It begins anew once it goes on: after hours
 * neither its patience nor what was seen of its name is worth anything.
 */
export function heldChanges(rejection: CredentialRejection) {
  return {
    waitingFor: 'credential',
    nextAttemptAt: null,
    retryingSince: null,
    retriesMade: 0,
    nameSeenFreeAt: null,
    error: credentialRejected(rejection),
  } as const satisfies ImageRequestChanges;
}

/**
 * Which requests wait for their account's credential. None of its statements waits for a row that someone else is
 * changing: what it leaves out is held at its own turn, or let go by the next look.
 */
export class CredentialHoldStore {
  /** The oldest of an account's queued requests that something else than their instance holds up begin to wait. */
  async holdQueued(
    db: SystemDb,
    accountId: AccountId,
    rejection: CredentialRejection,
    at: Date,
    limit: number,
  ): Promise<readonly { readonly id: ImageRequestId; readonly region: string }[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .with('due', (cte) =>
        cte
          .selectFrom('image_requests')
          .select('id')
          .where('account_id', '=', accountId)
          .where('status', '=', 'queued')
          .where((eb) => eb.or([eb('waiting_for', 'is', null), eb('waiting_for', '=', 'retry')]))
          .orderBy('id')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      )
      .updateTable('image_requests')
      .from('due')
      .set({ updated_at: at, ...columnsOf(heldChanges(rejection)) })
      .whereRef('image_requests.id', '=', 'due.id')
      .returning(['image_requests.id', 'image_requests.region'])
      .execute();
    return rows;
  }

  /** The accounts whose requests wait; it reads one entry of the index for each of them. */
  async listHeldAccounts(db: SystemDb): Promise<readonly AccountId[]> {
    const { rows } = await sql<{ account_id: AccountId }>`
      with recursive held as (
        (select account_id from image_requests where waiting_for = 'credential' order by account_id limit 1)
        union all
        select next.account_id from held, lateral (
          select account_id from image_requests
          where waiting_for = 'credential' and account_id > held.account_id order by account_id limit 1
        ) as next
      )
      select account_id from held
    `.execute(db);
    return rows.map((row) => row.account_id);
  }

  /** The oldest of those that wait for the credential of an account wait for it no longer. */
  async release(db: SystemDb, accountId: AccountId, at: Date, limit: number): Promise<readonly Released[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .with('due', (cte) =>
        cte
          .selectFrom('image_requests')
          .select('id')
          .where('account_id', '=', accountId)
          .where(sql<SqlBool>`waiting_for = 'credential'`)
          .orderBy('id')
          .limit(limit)
          .forUpdate()
          .skipLocked(),
      )
      .updateTable('image_requests')
      .from('due')
      .set({
        waiting_for: null,
        error: null,
        // The patience for what became of an unanswered call begins anew: while nobody could look, nothing was found.
        retrying_since: sql<Date | null>`case when status = 'submitting' then ${at}::timestamptz end`,
        updated_at: at,
      })
      .whereRef('image_requests.id', '=', 'due.id')
      .returning([
        'image_requests.id',
        'image_requests.status',
        'image_requests.tenant_id',
        'image_requests.account_id',
        'image_requests.region',
        'image_requests.priority',
        'image_requests.created_at',
      ])
      .execute();
    return rows.map((row) => ({
      id: row.id,
      status: row.status,
      tenantId: row.tenant_id,
      accountId: row.account_id,
      region: row.region,
      priority: row.priority,
      createdAt: row.created_at,
    }));
  }
}
