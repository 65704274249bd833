import { Processor, WorkerHost } from '@nestjs/bullmq';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Job } from 'bullmq';
import { WorkerSettings } from '#libs/config';
import { Tracking } from '#libs/image-requests';
import { type QueueJobs, TRACK_QUEUE } from '#libs/queues';
import { runAgain } from './run-again.js';

/** The queue's edge of tracking: one job for each account and region, which parks itself between its rounds. */
@Processor(TRACK_QUEUE, { stalledInterval: 15_000, lockDuration: 15_000 })
export class TrackingProcessor extends WorkerHost implements OnApplicationBootstrap {
  constructor(
    private readonly tracking: Tracking,
    private readonly settings: WorkerSettings,
  ) {
    super();
  }

  onApplicationBootstrap(): void {
    this.worker.concurrency = this.settings.workerConcurrency;
  }

  override async process(job: Job<QueueJobs['track-images']>, token?: string): Promise<void> {
    await runAgain(job, token, await this.tracking.run(job.data.accountId, job.data.region));
  }
}
