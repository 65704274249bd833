import type { WorkerHost } from '@nestjs/bullmq';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Log } from '#libs/logging';

const STALLED_AFTER_MS = 10_000;

/**
 * A job whose worker died is taken over after this long; with the lock's own time and the look that finds it first, within
 * thirty seconds.
 */
export const STALLED_AFTER = { stalledInterval: STALLED_AFTER_MS, lockDuration: STALLED_AFTER_MS } as const;

/**
 * What all queue workers have in common: how many jobs each does at once, and that faults are written down, which BullMQ
 * would print or swallow. A fault loses no work: what a job was about stands in PostgreSQL, and a sweep brings it back.
 */
export class QueueWorkers implements OnApplicationBootstrap {
  constructor(
    private readonly processors: ReadonlyMap<WorkerHost, number>,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    for (const [{ worker }, jobsAtOnce] of this.processors) {
      worker.concurrency = jobsAtOnce;
      worker.on('failed', (job: Job | undefined, error: Error) => {
        this.log.error({ event: 'job.failed', queue: worker.name, jobId: job?.id, error });
      });
      worker.on('error', (error: Error) => this.log.warn({ event: 'worker.troubled', queue: worker.name, error }));
    }
  }

  /** Takes no more jobs, and resolves when those under way have ended. */
  async drain(): Promise<void> {
    await Promise.all([...this.processors.keys()].map(({ worker }) => worker.close()));
  }
}
