import { sql } from 'kysely';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';

/** Not those that wait for the instance: the others are on their way to the cloud, or there. */
const HOLDS = sql<boolean>`(status in ('submitting', 'creating') or (status = 'queued' and waiting_for is distinct from 'instance'))`;

type OfInstance = Pick<ImageRequest, 'id' | 'tenantId' | 'accountId' | 'region' | 'instanceId'>;

/**
 * Who may have an instance. The first request that does not wait for it holds it, from before its turn until its end;
 * the others wait, by priority, then age.
 */
export class InstanceStore {
  /** True while another request holds the instance. */
  async isHeld(db: Db, request: OfInstance): Promise<boolean> {
    const row = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests')
      .select('id')
      .where('tenant_id', '=', request.tenantId)
      .where('account_id', '=', request.accountId)
      .where('region', '=', request.region)
      .where('instance_id', '=', request.instanceId)
      .where('id', '<>', request.id)
      .where(HOLDS)
      .executeTakeFirst();
    return row !== undefined;
  }

  /**
   * The next request that waits for the instance stops waiting. Null when none does. The choice stands in a CTE of its
   * own, which runs once: as a subquery of the update it may run again for every row, and choose another one each time.
   */
  async releaseNext(tx: Tx, request: OfInstance, at: Date): Promise<ImageRequest | null> {
    const row = await tx
      .$extendTables<ImageRequestTables>()
      .with('next', (db) =>
        db
          .selectFrom('image_requests')
          .select('id')
          .where('tenant_id', '=', request.tenantId)
          .where('account_id', '=', request.accountId)
          .where('region', '=', request.region)
          .where('instance_id', '=', request.instanceId)
          .where('status', '=', 'queued')
          .where('waiting_for', '=', 'instance')
          .orderBy('priority', 'desc')
          .orderBy('id')
          .limit(1)
          .forUpdate(),
      )
      .updateTable('image_requests')
      .from('next')
      .set({ waiting_for: null, updated_at: at })
      .whereRef('image_requests.id', '=', 'next.id')
      .returningAll('image_requests')
      .executeTakeFirst();
    return row === undefined ? null : imageRequestOf(row);
  }

  /** The first of those that wait for each instance that nobody holds: whoever should have released it did not. */
  async listForgotten(db: SystemDb, untouchedSince: Date, limit: number): Promise<readonly ImageRequest[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('image_requests as waiting')
      .selectAll('waiting')
      .distinctOn(['waiting.account_id', 'waiting.region', 'waiting.instance_id'])
      .where('waiting.status', '=', 'queued')
      .where('waiting.waiting_for', '=', 'instance')
      .where('waiting.updated_at', '<', untouchedSince)
      .where((eb) =>
        eb.not(
          eb.exists(
            eb
              .selectFrom('image_requests')
              .select('image_requests.id')
              .whereRef('image_requests.account_id', '=', 'waiting.account_id')
              .whereRef('image_requests.region', '=', 'waiting.region')
              .whereRef('image_requests.instance_id', '=', 'waiting.instance_id')
              .where(HOLDS),
          ),
        ),
      )
      .orderBy('waiting.account_id')
      .orderBy('waiting.region')
      .orderBy('waiting.instance_id')
      .orderBy('waiting.priority', 'desc')
      .orderBy('waiting.id')
      .limit(limit)
      .execute();
    return rows.map(imageRequestOf);
  }
}
