import { Processor, WorkerHost } from '@nestjs/bullmq';
import { DelayedError, type Job } from 'bullmq';
import { assertNever } from '#libs/errors';
import { DELIVER_QUEUE, type QueueJobs } from '#libs/queues';
import { Deliveries } from '#libs/webhooks';
import { STALLED_AFTER } from './queue-workers.js';

/** The queue's edge of webhooks: translates outcomes and decides nothing. */
@Processor(DELIVER_QUEUE, STALLED_AFTER)
export class WebhookDeliveryProcessor extends WorkerHost {
  constructor(private readonly deliveries: Deliveries) {
    super();
  }

  /**
   * A receiver that answers 500 is an outcome, not an exception: only faults of ours are thrown. Those end the job; the
   * delivery stands in its table, and the sweep brings it back.
   */
  override async process(job: Job<QueueJobs['deliver-webhooks']>, token?: string): Promise<void> {
    const outcome = await this.deliveries.attempt(job.data.deliveryId);
    switch (outcome.kind) {
      case 'delivered':
      case 'failed':
      case 'not_due':
      case 'gone':
        return;
      case 'retry':
        await job.moveToDelayed(outcome.at.getTime(), token);
        throw new DelayedError();
      default:
        assertNever(outcome);
    }
  }
}
