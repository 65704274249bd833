import { sql } from 'kysely';
import type { AccountId, ImageRequestId } from '#libs/ids';
import type { SystemDb } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';
import { imageRequestOf, type ImageRequestTables } from './image-request.tables.js';

/** The images that one poll can ask for together. */
export interface TrackGroup {
  readonly accountId: AccountId;
  readonly region: string;
}

/** When each image that is being made is looked at next. */
export class TrackingStore {
  /** Images of one account and region whose next look is due, oldest due first. */
  async listDueImages(db: SystemDb, group: TrackGroup, dueBy: Date, limit: number): Promise<readonly ImageRequest[]> {
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
  async nextLookAt(db: SystemDb, group: TrackGroup): Promise<Date | null> {
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
  async postponeLooks(
    db: SystemDb,
    looks: readonly { readonly id: ImageRequestId; readonly at: Date }[],
  ): Promise<void> {
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
  async listOverdueGroups(db: SystemDb, dueBefore: Date, limit: number): Promise<readonly TrackGroup[]> {
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
}
