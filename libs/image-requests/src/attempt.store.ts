import type { ImageRequestId, TenantId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { Attempt, AttemptResult } from './attempt.js';
import type { ImageRequestTables } from './image-request.tables.js';

/** The calls that were made, or were about to be. */
export class AttemptStore {
  /** The write-ahead: committed before the call is sent. Refused by an index while another attempt is open. */
  async open(tx: Tx, attempt: Attempt): Promise<void> {
    await tx
      .$extendTables<ImageRequestTables>()
      .insertInto('attempts')
      .values({
        id: attempt.id,
        image_request_id: attempt.imageRequestId,
        tenant_id: attempt.tenantId,
        number: attempt.number,
        endpoint: attempt.endpoint,
        region: attempt.region,
        lane: attempt.lane,
        started_at: attempt.startedAt,
        token_wait_ms: attempt.tokenWaitMs,
        finished_at: null,
        duration_ms: null,
        outcome: null,
        code: null,
        cause: null,
        upstream_request_id: null,
        image_id: null,
      })
      .execute();
  }

  /**
   * Writes the outcome once: false when another worker has already closed the attempt. Only that it was accepted is also
   * written over what was not known before.
   */
  async close(tx: Tx, attempt: Attempt, result: AttemptResult, at: Date): Promise<boolean> {
    const { numUpdatedRows } = await tx
      .$extendTables<ImageRequestTables>()
      .updateTable('attempts')
      .set({
        finished_at: at,
        duration_ms: result.durationMs,
        outcome: result.outcome,
        code: result.code,
        cause: result.cause,
        upstream_request_id: result.upstreamRequestId,
        image_id: result.imageId,
      })
      .where('id', '=', attempt.id)
      .where('tenant_id', '=', attempt.tenantId)
      .where((eb) =>
        result.outcome === 'accepted'
          ? eb.or([eb('outcome', 'is', null), eb('outcome', '=', 'unknown')])
          : eb('outcome', 'is', null),
      )
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** In the order they were made. */
  async list(db: Db, tenantId: TenantId, imageRequestId: ImageRequestId): Promise<readonly Attempt[]> {
    const rows = await db
      .$extendTables<ImageRequestTables>()
      .selectFrom('attempts')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('image_request_id', '=', imageRequestId)
      .orderBy('number')
      .execute();
    return rows.map((row) => ({
      id: row.id,
      imageRequestId: row.image_request_id,
      tenantId: row.tenant_id,
      number: row.number,
      endpoint: row.endpoint,
      region: row.region,
      lane: row.lane,
      startedAt: row.started_at,
      tokenWaitMs: row.token_wait_ms,
      finishedAt: row.finished_at,
      durationMs: row.duration_ms,
      outcome: row.outcome,
      code: row.code,
      cause: row.cause,
      upstreamRequestId: row.upstream_request_id,
      imageId: row.image_id,
    }));
  }
}
