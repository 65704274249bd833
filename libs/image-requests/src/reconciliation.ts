import type { Account } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import type { Postgres } from '#libs/postgres';
import type { Attempt } from './attempt.js';
import type { AttemptStore } from './attempt.store.js';
import { outcomeUnknown } from './failures.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import { imageOfAttempts, type NameLookup } from './name-lookup.js';
import { again, type NextStep } from './next-step.js';
import { reconcilePauseMs, type RetryPolicy } from './retry-policy.js';
import type { Settlement } from './settlement.js';

/** A worker that is alive settles its call within this long after the call's own time is over. */
const SETTLING_GRACE_MS = 5000;
/** After so many calls without a usable answer the request ends: the cloud is in no state to make it. */
const ATTEMPTS_MAX = 5;

/**
 * Finds out what became of calls whose answer is not known: an image by that name is adopted; without one, a call is
 * sent again only once the fence has passed, when the earlier call can't land any more.
 */
export class Reconciliation {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestWorkStore,
    private readonly attempts: AttemptStore,
    private readonly lookup: NameLookup,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
    private readonly policy: RetryPolicy,
  ) {}

  /** For a request in `submitting`. Safe to race: whatever it decides is compare-and-set. */
  async run(request: ImageRequest, account: Account): Promise<NextStep> {
    const attempts = await this.attempts.list(this.postgres.db, request.tenantId, request.id);
    const open = attempts.find((attempt) => attempt.outcome === null);
    if (open !== undefined) return this.takeOver(request, open);

    const unanswered = attempts.filter((attempt) => attempt.outcome === 'unknown');
    const last = unanswered.at(-1);
    // A dry run makes nothing, so there is nothing to find and nothing to fear from a second call.
    if (last === undefined || request.dryRun) return this.resend(request, last);

    const looked = await this.lookup.look(account, request);
    if (looked.kind === 'looked') {
      const ours = imageOfAttempts(looked.images, unanswered);
      if (ours !== null) return this.settlement.adopt(request, ours.imageId);
    }
    return this.waitOrResend(request, last, looked.kind === 'looked');
  }

  /** Leaves an attempt alone while its worker may still be at it; after that nobody will tell its outcome. */
  private async takeOver(request: ImageRequest, open: Attempt): Promise<NextStep> {
    const overAt = open.startedAt.getTime() + this.policy.upstreamTimeoutMs + SETTLING_GRACE_MS;
    const leftMs = overAt - this.clock.now().getTime();
    if (leftMs > 0) return again(leftMs);
    await this.settlement.closeAsLost(request, open);
    return again(0);
  }

  private async waitOrResend(request: ImageRequest, last: Attempt, looked: boolean): Promise<NextStep> {
    const now = this.clock.now();
    const sinceMs = now.getTime() - (last.finishedAt ?? last.startedAt).getTime();
    const fenceLeftMs = this.policy.resendFenceMs - sinceMs;
    if (fenceLeftMs <= 0 && looked) return this.resend(request, last);
    if (sinceMs >= this.policy.trackDeadlineMs)
      return this.settlement.fail(request, outcomeUnknown(request.attemptsMade, last.cause ?? 'unknown'));

    const pauseMs = reconcilePauseMs(sinceMs);
    const nextMs = fenceLeftMs > 0 ? Math.min(pauseMs, fenceLeftMs) : pauseMs;
    await this.store.amend(this.postgres.db, request, { nextAttemptAt: new Date(now.getTime() + nextMs) }, now);
    return again(nextMs);
  }

  private async resend(request: ImageRequest, last: Attempt | undefined): Promise<NextStep> {
    if (request.attemptsMade >= ATTEMPTS_MAX && last !== undefined)
      return this.settlement.fail(request, outcomeUnknown(request.attemptsMade, last.cause ?? 'unknown'));
    return this.settlement.requeue(request);
  }
}
