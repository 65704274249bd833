import { DelayedError, type Job } from 'bullmq';
import { assertNever } from '#libs/errors';
import type { NextStep } from '#libs/image-requests';

/** Ends a job as its work said: for good, or parked until it shall run again. */
export async function runAgain(job: Job, token: string | undefined, step: NextStep): Promise<void> {
  switch (step.kind) {
    case 'done':
    case 'parked':
      return;
    case 'again':
      await job.moveToDelayed(Date.now() + step.inMs, token);
      throw new DelayedError();
    default:
      assertNever(step);
  }
}
