import type { ExpressionBuilder } from 'kysely';
import { CREDENTIAL_REJECTIONS } from '#libs/cloud';
import type { ImageRequestId } from '#libs/ids';
import type { SystemDb } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';
import type { LaneEntrant } from './lane-entrance.js';

/** Not touched since then, and due by then. */
export interface Due {
  readonly untouchedSince: Date;
  readonly by: Date;
}

/** Finds requests that something should be moving on. */
export class RecoveryStore {
  /**
   * Requests in `submitting` that nobody has touched since `untouchedSince` and whose next step is due. None whose account
   * must be repaired first.
   */
  async listStuckSubmissions(db: SystemDb, due: Due, limit: number): Promise<readonly ImageRequestId[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('id')
      .where('status', '=', 'submitting')
      .where('waiting_for', 'is distinct from', 'credential')
      .where('updated_at', '<', due.untouchedSince)
      .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<', due.by)]))
      .orderBy('updated_at')
      .limit(limit)
      .execute();
    return rows.map((row) => row.id);
  }

  /**
   * Queued requests that should be in a lane: none that waits for its instance, its account or a retry that is not due.
   * Pages by id, from behind `after`; of a hundred thousand it reads no more than a lane needs to know.
   */
  async listForLanes(
    db: SystemDb,
    due: Due,
    page: { readonly after: ImageRequestId | null; readonly limit: number },
  ): Promise<readonly LaneEntrant[]> {
    let query = dueForLanes(db, due)
      .select(['id', 'tenant_id', 'account_id', 'region', 'priority', 'created_at'])
      .orderBy('id')
      .limit(page.limit);
    if (page.after !== null) query = query.where('id', '>', page.after);
    return (await query.execute()).map((row) => ({
      id: row.id,
      tenantId: row.tenant_id,
      accountId: row.account_id,
      region: row.region,
      priority: row.priority,
      createdAt: row.created_at,
    }));
  }

  /** Which of them should be in a lane still. */
  async stillForLanes(db: SystemDb, due: Due, ids: readonly ImageRequestId[]): Promise<ReadonlySet<ImageRequestId>> {
    if (ids.length === 0) return new Set();
    const rows = await dueForLanes(db, due).select('id').where('id', 'in', ids).execute();
    return new Set(rows.map(({ id }) => id));
  }

  /** Queued requests that were to be called by now and never were: as `wasHeard` says of their attempts. */
  async listPastDeadline(db: SystemDb, now: Date, limit: number): Promise<readonly ImageRequest[]> {
    const heard = (eb: ExpressionBuilder<ImageRequestTables, 'image_requests'>) =>
      eb
        .selectFrom('attempts')
        .select('attempts.id')
        .whereRef('attempts.image_request_id', '=', 'image_requests.id')
        .where((attempt) =>
          attempt.or([
            attempt('outcome', 'is', null),
            attempt('outcome', 'in', ['accepted', 'unknown']),
            attempt.and([attempt('outcome', '=', 'refused'), attempt('code', 'not in', CREDENTIAL_REJECTIONS)]),
          ]),
        );
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('status', '=', 'queued')
      .where((eb) => eb.or([eb('attempts_made', '=', 0), eb.not(eb.exists(heard(eb)))]))
      .where('start_deadline', '<=', now)
      .orderBy('start_deadline')
      .limit(limit)
      .execute();
    return rows.map(imageRequestOf);
  }
}

function dueForLanes(db: SystemDb, due: Due) {
  return db
    .$extendTables<ImageRequestTables>()
    .selectFrom('image_requests')
    .where('status', '=', 'queued')
    .where('updated_at', '<', due.untouchedSince)
    .where((eb) => eb.or([eb('waiting_for', 'is', null), eb('waiting_for', '=', 'retry')]))
    .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<', due.by)]));
}
