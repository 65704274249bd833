import type { DeliveryId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Queues } from '#libs/queues';

/** Hurries deliveries on their way. What it can't enqueue is found by the sweep of due deliveries soon after. */
export class DeliveryQueue {
  constructor(
    private readonly postgres: Postgres,
    private readonly queues: Queues,
  ) {}

  enqueueAfterCommit(tx: Tx, ids: readonly DeliveryId[]): void {
    if (ids.length === 0) return;
    // The commit has succeeded by then: a Redis out of reach must not make it look as if it had not.
    this.postgres.onCommit(tx, () => this.queues.deliverMany(ids).catch(() => undefined));
  }
}
