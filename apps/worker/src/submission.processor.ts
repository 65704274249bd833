import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import type { Job } from 'bullmq';
import type { ImageRequestId } from '#libs/ids';
import { Submission } from '#libs/image-requests';
import type { Lane } from '#libs/lanes';
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
  /** The lanes of those whose jobs are ending; not the job's own affair, for jobs carry ids alone. */
  private readonly parked = new Map<ImageRequestId, Lane>();
  private readonly recalls = new Set<Promise<void>>();

  constructor(
    private readonly submission: Submission,
    private readonly backlog: BacklogWatch,
  ) {
    super();
  }

  override async process(job: SubmitJob, token?: string): Promise<void> {
    const id = job.data.imageRequestId;
    const step = await this.submission.run(id);
    if (step.kind === 'parked') this.parked.set(id, step.lane);
    await runAgain(job, token, step);
  }

  /** The job has left the queue only now, and a new one of its id can be added. */
  @OnWorkerEvent('completed')
  onCompleted({ data: { imageRequestId: id } }: SubmitJob): void {
    const lane = this.parked.get(id);
    if (lane === undefined) return;
    this.parked.delete(id);
    const recall = this.submission.recall(id, lane);
    this.recalls.add(recall);
    void recall.then(() => this.recalls.delete(recall));
  }

  /** A job that was taken over meanwhile was not ours to complete. */
  @OnWorkerEvent('failed')
  onFailed(job: SubmitJob | undefined): void {
    if (job !== undefined) this.parked.delete(job.data.imageRequestId);
  }

  /** Resolves when those whose jobs have ended have been recalled. */
  async recalled(): Promise<void> {
    await Promise.all(this.recalls);
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
