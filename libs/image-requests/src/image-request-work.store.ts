import { sql } from 'kysely';
import type { AccountId, ImageRequestId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { Failure, ImageRequest } from './image-request.js';
import { assertTransition, type ImageRequestStatus, type WaitingFor } from './image-request-status.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';

/** What may change together with a status. A field that is left out stays as it is. */
export interface ImageRequestChanges {
  readonly waitingFor?: WaitingFor | null;
  readonly nextAttemptAt?: Date | null;
  readonly imageId?: string | null;
  readonly attemptsMade?: number;
  readonly retryingSince?: Date | null;
  readonly retriesMade?: number;
  readonly nameSeenFreeAt?: Date | null;
  readonly error?: Failure | null;
  readonly submittedAt?: Date | null;
  readonly completedAt?: Date | null;
}

type TrackGroup = { readonly accountId: AccountId; readonly region: string };

/**
 * What the service itself does with requests, whichever tenant's they are. Only the workers use it; nothing that answers
 * a tenant does.
 */
export class ImageRequestWorkStore {
  async find(db: Db, id: ImageRequestId): Promise<ImageRequest | null> {
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /**
   * The only statement that writes a status: compare-and-set on the old one. Null when the request has moved on
   * meanwhile, so a stale worker changes nothing.
   */
  async transition(
    tx: Tx,
    from: Pick<ImageRequest, 'id' | 'status'>,
    to: ImageRequestStatus,
    changes: ImageRequestChanges,
    at: Date,
  ): Promise<ImageRequest | null> {
    assertTransition(from.status, to);
    const row = await tx
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ status: to, updated_at: at, ...columnsOf(changes) })
      .where('id', '=', from.id)
      .where('status', '=', from.status)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** Changes what is beside the status, and only while the status is still the one that was seen. */
  async amend(
    db: Db,
    seen: Pick<ImageRequest, 'id' | 'status'>,
    changes: ImageRequestChanges,
    at: Date,
  ): Promise<boolean> {
    const { numUpdatedRows } = await db
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ updated_at: at, ...columnsOf(changes) })
      .where('id', '=', seen.id)
      .where('status', '=', seen.status)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Remembers that a look-up before the first call found no image of the name. */
  async noteNameFree(db: Db, request: ImageRequest, at: Date): Promise<void> {
    await db
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ name_seen_free_at: at })
      .where('id', '=', request.id)
      .where('status', '=', request.status)
      .execute();
  }

  /** A retry whose pause is over now waits like any other; costs nothing when it already does. */
  async noteWaitingForToken(db: Db, request: ImageRequest): Promise<void> {
    if (request.waitingFor === null) return;
    await db
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ waiting_for: null })
      .where('id', '=', request.id)
      .where('status', '=', 'queued')
      .where('waiting_for', '=', 'retry')
      .execute();
  }

  /** True while another request of the same instance is between `submitting` and its end. */
  async isInstanceBusy(db: Db, request: ImageRequest): Promise<boolean> {
    if (request.instanceId === null) return false;
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('id')
      .where('account_id', '=', request.accountId)
      .where('region', '=', request.region)
      .where('instance_id', '=', request.instanceId)
      .where('status', 'in', ['submitting', 'creating'])
      .where('id', '<>', request.id)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** The next request that waits for this one's instance, by priority, then age; it stops waiting. Null when none does. */
  async releaseNextOfInstance(tx: Tx, request: ImageRequest, at: Date): Promise<ImageRequest | null> {
    if (request.instanceId === null) return null;
    const tables = tx.$extendTables<ImageRequestTables>();
    const next = tables
      .selectFrom('image_requests')
      .select('id')
      .where('account_id', '=', request.accountId)
      .where('region', '=', request.region)
      .where('instance_id', '=', request.instanceId)
      .where('status', '=', 'queued')
      .where('waiting_for', '=', 'instance')
      .orderBy('priority', 'desc')
      .orderBy('id')
      .limit(1)
      .forUpdate()
      .skipLocked();
    const row = await tables
      .updateTable('image_requests')
      .set({ waiting_for: null, updated_at: at })
      .where('id', 'in', next)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** Images of one account and region whose next look is due, oldest due first. */
  async listDueImages(db: Db, group: TrackGroup, dueBy: Date, limit: number): Promise<readonly ImageRequest[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('account_id', '=', group.accountId)
      .where('region', '=', group.region)
      .where('status', '=', 'creating')
      .where('next_attempt_at', '<=', dueBy)
      .orderBy('next_attempt_at')
      .limit(limit)
      .execute();
    return rows.map(imageRequestOf);
  }

  /** When the next look at an image of the group is due; null when none is being made. */
  async nextLookAt(db: Db, group: TrackGroup): Promise<Date | null> {
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('next_attempt_at')
      .where('account_id', '=', group.accountId)
      .where('region', '=', group.region)
      .where('status', '=', 'creating')
      .orderBy('next_attempt_at')
      .limit(1)
      .executeTakeFirst();
    return row?.next_attempt_at ?? null;
  }

  /** Sets the next look of many images at once. */
  async postponeLooks(db: Db, looks: readonly { readonly id: ImageRequestId; readonly at: Date }[]): Promise<void> {
    if (looks.length === 0) return;
    const ids = looks.map((look) => look.id);
    const times = looks.map((look) => look.at.toISOString());
    await sql`
      update image_requests set next_attempt_at = look.at
      from unnest(${ids}::text[], ${times}::timestamptz[]) as look (id, at)
      where image_requests.id = look.id and image_requests.status = 'creating'
    `.execute(db);
  }

  /** Groups with an image whose look is overdue: whoever should have looked has forgotten. */
  async listOverdueGroups(db: Db, dueBefore: Date, limit: number): Promise<readonly TrackGroup[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select(['account_id', 'region'])
      .distinct()
      .where('status', '=', 'creating')
      .where('next_attempt_at', '<', dueBefore)
      .limit(limit)
      .execute();
    return rows.map((row) => ({ accountId: row.account_id, region: row.region }));
  }

  /** Requests in `submitting` that nobody has touched since `untouchedSince` and whose next step is due. */
  async listStuckSubmissions(
    db: Db,
    due: { readonly untouchedSince: Date; readonly by: Date },
    limit: number,
  ): Promise<readonly ImageRequestId[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('id')
      .where('status', '=', 'submitting')
      .where('updated_at', '<', due.untouchedSince)
      .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<', due.by)]))
      .orderBy('updated_at')
      .limit(limit)
      .execute();
    return rows.map((row) => row.id);
  }

  /**
   * Queued requests that should be in a lane: none that waits for its instance or for a retry that is not due. Pages by
   * id, from behind `after`.
   */
  async listForLanes(
    db: Db,
    due: { readonly untouchedSince: Date; readonly by: Date },
    page: { readonly after: ImageRequestId | null; readonly limit: number },
  ): Promise<readonly ImageRequest[]> {
    let query = db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('status', '=', 'queued')
      .where('updated_at', '<', due.untouchedSince)
      .where((eb) => eb.or([eb('waiting_for', 'is', null), eb('waiting_for', '=', 'retry')]))
      .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<', due.by)]))
      .orderBy('id')
      .limit(page.limit);
    if (page.after !== null) query = query.where('id', '>', page.after);
    return (await query.execute()).map(imageRequestOf);
  }

  /** Requests that wait for an instance which nothing holds any more. */
  async listForgottenAtInstance(db: Db, untouchedSince: Date, limit: number): Promise<readonly ImageRequest[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests as waiting')
      .selectAll('waiting')
      .where('waiting.status', '=', 'queued')
      .where('waiting.waiting_for', '=', 'instance')
      .where('waiting.updated_at', '<', untouchedSince)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('image_requests as busy')
              .select('busy.id')
              .whereRef('busy.account_id', '=', 'waiting.account_id')
              .whereRef('busy.region', '=', 'waiting.region')
              .whereRef('busy.instance_id', '=', 'waiting.instance_id')
              .where('busy.status', 'in', ['submitting', 'creating']),
          ),
        ),
      )
      .orderBy('waiting.priority', 'desc')
      .orderBy('waiting.id')
      .limit(limit)
      .execute();
    return rows.map(imageRequestOf);
  }

  /** Queued requests that were to be called by now and never were. */
  async listPastDeadline(db: Db, now: Date, limit: number): Promise<readonly ImageRequest[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('status', '=', 'queued')
      .where('attempts_made', '=', 0)
      .where('start_deadline', '<=', now)
      .orderBy('start_deadline')
      .limit(limit)
      .execute();
    return rows.map(imageRequestOf);
  }
}

function columnsOf(changes: ImageRequestChanges): Partial<ImageRequestTables['image_requests']> {
  return {
    ...(changes.waitingFor !== undefined && { waiting_for: changes.waitingFor }),
    ...(changes.nextAttemptAt !== undefined && { next_attempt_at: changes.nextAttemptAt }),
    ...(changes.imageId !== undefined && { image_id: changes.imageId }),
    ...(changes.attemptsMade !== undefined && { attempts_made: changes.attemptsMade }),
    ...(changes.retryingSince !== undefined && { retrying_since: changes.retryingSince }),
    ...(changes.retriesMade !== undefined && { retries_made: changes.retriesMade }),
    ...(changes.nameSeenFreeAt !== undefined && { name_seen_free_at: changes.nameSeenFreeAt }),
    ...(changes.error !== undefined && { error: changes.error === null ? null : JSON.stringify(changes.error) }),
    ...(changes.submittedAt !== undefined && { submitted_at: changes.submittedAt }),
    ...(changes.completedAt !== undefined && { completed_at: changes.completedAt }),
  };
}
