import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { DuePosition, WebhookDeliveryStore } from './webhook-delivery.store.js';

const PAGE_DELIVERIES = 500;
const PAGES_A_SWEEP = 10;

/**
 * Finds the deliveries that Redis forgot: those of a process that died between commit and enqueueing, and all of them
 * after a loss of Redis. A delivery whose job still exists is not enqueued again, since the job bears its id.
 */
export class DueDeliveries {
  private after: DuePosition | null = null;

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: WebhookDeliveryStore,
    private readonly queues: Queues,
    private readonly clock: Clock,
  ) {}

  /**
   * Enqueues a bounded number and gives it. The next call goes on where this one ended and begins anew after the last,
   * so that a full page of deliveries that wait in the queue hides no forgotten one behind them.
   */
  async enqueue(): Promise<number> {
    let enqueued = 0;
    for (let page = 0; page < PAGES_A_SWEEP; page += 1) {
      const due = await this.store.listClaimable(this.postgres.db, this.clock.now(), {
        after: this.after,
        limit: PAGE_DELIVERIES,
      });
      if (due.length > 0) await this.queues.deliverMany(due.map(({ id }) => id));
      enqueued += due.length;
      this.after = due.length === PAGE_DELIVERIES ? (due.at(-1) ?? null) : null;
      if (this.after === null) break;
    }
    return enqueued;
  }
}
