import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import { type NextStep, Submission } from '#libs/image-requests';
import { type QueueJobs, SUBMIT_QUEUE } from '#libs/queues';
import { BacklogWatch } from './backlog-watch.js';
import { STALLED_AFTER } from './queue-workers.js';
import { runAgain } from './run-again.js';

type SubmitJob = Job<QueueJobs['submit-image-requests']>;

/**
 * The queue's edge of submissions. What the cloud answers is an outcome; only faults of ours are thrown, and those end
 * the job: the request stands in PostgreSQL, and the recovery sweep brings it back.
 */
@Processor(SUBMIT_QUEUE, STALLED_AFTER)
export class SubmissionProcessor extends WorkerHost {
  constructor(
    private readonly submission: Submission,
    private readonly backlog: BacklogWatch,
  ) {
    super();
  }

  override async process(job: SubmitJob, token?: string): Promise<NextStep> {
    const step = await this.submission.run(job.data.imageRequestId);
    await runAgain(job, token, step);
    return step;
  }

  /** The job has left the queue only now, and a new one of its id can be added. */
  @OnWorkerEvent('completed')
  async onCompleted(job: SubmitJob, step: NextStep): Promise<void> {
    if (step.kind === 'parked') await this.submission.recall(job.data.imageRequestId, step.lane);
  }

  @OnWorkerEvent('active')
  onActive(): void {
    this.backlog.noteJob();
  }

  @OnWorkerEvent('drained')
  onDrained(): void {
    this.backlog.noteEmpty();
  }
}
