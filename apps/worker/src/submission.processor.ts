import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Submission } from '#libs/image-requests';
import { type QueueJobs, SUBMIT_QUEUE } from '#libs/queues';
import { STALLED_AFTER } from './queue-workers.js';
import { runAgain } from './run-again.js';

/**
 * The queue's edge of submissions. What the cloud answers is an outcome; only faults of ours are thrown, and those end
 * the job: the request stands in PostgreSQL, and the recovery sweep brings it back.
 */
@Processor(SUBMIT_QUEUE, STALLED_AFTER)
export class SubmissionProcessor extends WorkerHost {
  constructor(private readonly submission: Submission) {
    super();
  }

  override async process(job: Job<QueueJobs['submit-image-requests']>, token?: string): Promise<void> {
    await runAgain(job, token, await this.submission.run(job.data.imageRequestId));
  }
}
