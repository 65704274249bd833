import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { DELIVER_QUEUE, type QueueJobs } from '#libs/queues';
import { EndpointDispatcher } from '#libs/webhooks';
import { STALLED_AFTER } from './queue-workers.js';

/**
 * The queue's edge of webhooks. A job is a call to an endpoint, and lasts as long as there is something to send to it; what
 * follows from that, the dispatcher puts into the queue itself.
 */
@Processor(DELIVER_QUEUE, STALLED_AFTER)
export class WebhookDeliveryProcessor extends WorkerHost {
  constructor(private readonly dispatcher: EndpointDispatcher) {
    super();
  }

  override async process(job: Job<QueueJobs['deliver-webhooks']>): Promise<void> {
    await this.dispatcher.dispatch(job.data.endpointId);
  }
}
