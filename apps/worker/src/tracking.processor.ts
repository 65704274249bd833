import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Tracking } from '#libs/image-requests';
import { type QueueJobs, TRACK_QUEUE } from '#libs/queues';
import { STALLED_AFTER } from './queue-workers.js';
import { runAgain } from './run-again.js';

/** The queue's edge of tracking: one job for each account and region, which parks itself between its rounds. */
@Processor(TRACK_QUEUE, STALLED_AFTER)
export class TrackingProcessor extends WorkerHost {
  constructor(private readonly tracking: Tracking) {
    super();
  }

  override async process(job: Job<QueueJobs['track-images']>, token?: string): Promise<void> {
    await runAgain(job, token, await this.tracking.run(job.data.accountId, job.data.region));
  }
}
