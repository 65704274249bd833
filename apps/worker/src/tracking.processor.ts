import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { Recovery, Tracking } from '#libs/image-requests';
import { type QueueJobs, TRACK_QUEUE } from '#libs/queues';
import { STALLED_AFTER } from './queue-workers.js';
import { runAgain } from './run-again.js';

type TrackJob = Job<QueueJobs['track-images']>;

/** The queue's edge of tracking: one job for each account and region, which parks itself between its rounds. */
@Processor(TRACK_QUEUE, STALLED_AFTER)
export class TrackingProcessor extends WorkerHost {
  constructor(
    private readonly tracking: Tracking,
    private readonly recovery: Recovery,
  ) {
    super();
  }

  override async process(job: TrackJob, token?: string): Promise<void> {
    await runAgain(job, token, await this.tracking.run(job.data.accountId, job.data.region));
  }

  /** The job has left the queue only now, and a new one of its id can be added. */
  @OnWorkerEvent('completed')
  async onCompleted(job: TrackJob): Promise<void> {
    await this.recovery.resumeTracking(job.data);
  }
}
