import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Job } from 'bullmq';
import { WorkerSettings } from '#libs/config';
import { Submission } from '#libs/image-requests';
import { type QueueJobs, SUBMIT_QUEUE } from '#libs/queues';
import { runAgain } from './run-again.js';

/** A job whose worker died is noticed after this long at most. */
const STALLED_AFTER_MS = 15_000;

/**
 * The queue's edge of submissions. What the cloud answers is an outcome; only faults of ours are thrown, and those end
 * the job: the request stands in PostgreSQL, and the recovery sweep brings it back.
 */
@Processor(SUBMIT_QUEUE, { stalledInterval: STALLED_AFTER_MS, lockDuration: STALLED_AFTER_MS })
export class SubmissionProcessor extends WorkerHost implements OnApplicationBootstrap {
  constructor(
    private readonly submission: Submission,
    private readonly settings: WorkerSettings,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.worker.concurrency = this.settings.workerConcurrency;
  }

  override async process(job: Job<QueueJobs['submit-image-requests']>, token?: string): Promise<void> {
    await runAgain(job, token, await this.submission.run(job.data.imageRequestId));
  }
}
