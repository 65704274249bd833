import { sql } from 'kysely';
import type { ImageRequestId } from '#libs/ids';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { Failure, ImageRequest } from './image-request.js';
import { assertTransition, type ImageRequestStatus, type Obstacle } from './image-request-status.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';

/** What may change together with a status. A field that is left out stays as it is. */
export interface ImageRequestChanges {
  readonly waitingFor?: Obstacle | null;
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

type Seen = Pick<ImageRequest, 'id' | 'tenantId' | 'status'>;

/**
 * Moves requests on, whichever tenant's they are: for the service itself. What a tenant asks for goes through
 * `ImageRequestStore` first, which knows whose it is.
 */
export class ImageRequestWorkStore {
  async find(db: SystemDb, id: ImageRequestId): Promise<ImageRequest | null> {
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
   * meanwhile, so a stale worker changes nothing; or when it has begun to wait for its account's credential, with which
   * no call may be made.
   */
  async transition(
    tx: Tx,
    from: Seen,
    to: ImageRequestStatus,
    changes: ImageRequestChanges,
    at: Date,
  ): Promise<ImageRequest | null> {
    assertTransition(from.status, to);
    let update = tx
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ status: to, updated_at: at, ...columnsOf(changes) })
      .where('id', '=', from.id)
      .where('tenant_id', '=', from.tenantId)
      .where('status', '=', from.status);
    if (to === 'submitting') update = update.where('waiting_for', 'is distinct from', 'credential');
    const row = await update.returningAll().executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** Changes what is beside the status, and only while the status is still the one that was seen. */
  async amend(db: Db, seen: Seen, changes: ImageRequestChanges, at: Date): Promise<boolean> {
    const { numUpdatedRows } = await db
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ updated_at: at, ...columnsOf(changes) })
      .where('id', '=', seen.id)
      .where('tenant_id', '=', seen.tenantId)
      .where('status', '=', seen.status)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Which of the images belong to another request, whosever it is, of the same root account and region at the cloud. */
  async imagesOfOthers(db: SystemDb, request: ImageRequest, imageIds: readonly string[]): Promise<readonly string[]> {
    if (imageIds.length === 0) return [];
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('image_id')
      // The database alone fills in the root account.
      .where(sql<boolean>`uin = (select uin from image_requests where id = ${request.id})`)
      .where('region', '=', request.region)
      .where('image_id', 'in', imageIds)
      .where('id', '<>', request.id)
      .execute();
    return rows.flatMap((row) => row.image_id ?? []);
  }

  /** Remembers that a look-up before the first call found no image of the name. */
  async noteNameFree(db: Db, request: ImageRequest, at: Date): Promise<void> {
    await db
      .$extendTables<ImageRequestTables>()
      .updateTable('image_requests')
      .set({ name_seen_free_at: at })
      .where('id', '=', request.id)
      .where('tenant_id', '=', request.tenantId)
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
      .where('tenant_id', '=', request.tenantId)
      .where('status', '=', 'queued')
      .where('waiting_for', '=', 'retry')
      .execute();
  }
}

/** As `update … set` takes them: only what is changed. */
export function columnsOf(changes: ImageRequestChanges): Partial<ImageRequestTables['image_requests']> {
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
