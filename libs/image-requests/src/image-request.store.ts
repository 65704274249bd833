import { sql } from 'kysely';
import type { AccountId, ImageRequestId, TenantId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestStatus } from './image-request-status.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';

/** Narrows a listing. Every given field must fit. */
export interface ImageRequestFilter {
  readonly accountId?: AccountId;
  readonly region?: string;
  readonly statuses?: readonly ImageRequestStatus[];
  readonly imageName?: string;
  readonly instanceId?: string;
  readonly imageId?: string;
  /** Included. */
  readonly createdAfter?: Date;
  /** Not included. */
  readonly createdBefore?: Date;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a tenant sees of its requests: no method can be called without saying whose. */
export class ImageRequestStore {
  /** Throws a unique violation of `image_requests_open_name_idx` when the name is in use. */
  async insert(tx: Tx, request: ImageRequest, requestedBy: string): Promise<void> {
    await tx
      .$extendTables<ImageRequestTables>()
      .insertInto('image_requests')
      .values({
        id: request.id,
        tenant_id: request.tenantId,
        account_id: request.accountId,
        region: request.region,
        image_name: request.imageName,
        instance_id: request.instanceId,
        snapshot_ids: request.snapshotIds,
        data_disk_ids: request.dataDiskIds,
        image_description: request.imageDescription,
        force_poweroff: request.forcePoweroff,
        sysprep: request.sysprep,
        dry_run: request.dryRun,
        tags: JSON.stringify(request.tags),
        image_family: request.imageFamily,
        priority: request.priority,
        start_deadline: request.startDeadline,
        metadata: JSON.stringify(request.metadata),
        requested_by: requestedBy,
        status: request.status,
        waiting_for: request.waitingFor,
        next_attempt_at: request.nextAttemptAt,
        image_id: request.imageId,
        attempts_made: request.attemptsMade,
        retrying_since: request.retryingSince,
        retries_made: request.retriesMade,
        name_seen_free_at: request.nameSeenFreeAt,
        error: request.error === null ? null : JSON.stringify(request.error),
        created_at: request.createdAt,
        submitted_at: request.submittedAt,
        completed_at: request.completedAt,
        updated_at: request.updatedAt,
      })
      .execute();
  }

  async find(db: Db, tenantId: TenantId, id: ImageRequestId): Promise<ImageRequest | null> {
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** The open request that holds a name, if one does. */
  async findOpenByName(
    db: Db,
    tenantId: TenantId,
    name: { readonly accountId: AccountId; readonly region: string; readonly imageName: string },
  ): Promise<ImageRequest | null> {
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('account_id', '=', name.accountId)
      .where('region', '=', name.region)
      .where('image_name', '=', name.imageName)
      .where('status', 'in', ['queued', 'submitting', 'creating'])
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** Newest first, from behind the request `after`. */
  async list(
    db: Db,
    tenantId: TenantId,
    filter: ImageRequestFilter,
    page: { readonly after: ImageRequestId | null; readonly limit: number },
  ): Promise<readonly ImageRequest[]> {
    let query = db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .orderBy('id', 'desc')
      .limit(page.limit);
    if (page.after !== null) query = query.where('id', '<', page.after);
    if (filter.accountId !== undefined) query = query.where('account_id', '=', filter.accountId);
    if (filter.region !== undefined) query = query.where('region', '=', filter.region);
    if (filter.statuses !== undefined) query = query.where('status', 'in', filter.statuses);
    if (filter.imageName !== undefined) query = query.where('image_name', '=', filter.imageName);
    if (filter.instanceId !== undefined) query = query.where('instance_id', '=', filter.instanceId);
    if (filter.imageId !== undefined) query = query.where('image_id', '=', filter.imageId);
    if (filter.createdAfter !== undefined) query = query.where('created_at', '>=', filter.createdAfter);
    if (filter.createdBefore !== undefined) query = query.where('created_at', '<', filter.createdBefore);
    if (filter.metadata !== undefined && Object.keys(filter.metadata).length > 0)
      query = query.where(sql<boolean>`metadata @> ${JSON.stringify(filter.metadata)}::jsonb`);
    return (await query.execute()).map(imageRequestOf);
  }

  /** How many of an account's requests have not ended. */
  async countOpen(db: Db, tenantId: TenantId, accountId: AccountId): Promise<number> {
    const { open } = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select((eb) => eb.fn.countAll<number>().as('open'))
      .where('tenant_id', '=', tenantId)
      .where('account_id', '=', accountId)
      .where('status', 'in', ['queued', 'submitting', 'creating'])
      .executeTakeFirstOrThrow();
    return open;
  }
}
