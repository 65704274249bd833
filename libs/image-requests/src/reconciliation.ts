import type { Account } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import { classify, type CloudImage } from '#libs/cloud';
import { assertNever } from '#libs/errors';
import type { SystemPostgres } from '#libs/postgres';
import type { Attempt } from './attempt.js';
import type { AttemptStore } from './attempt.store.js';
import type { CredentialHold } from './credential-hold.js';
import { outcomeUnknown, sessionAwaited, upstreamFailure } from './failures.js';
import type { Failure, ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { NameLookup } from './name-lookup.js';
import { again, type NextStep } from './next-step.js';
import { reconcilePauseMs, type RetryPolicy } from './retry-policy.js';
import type { Settlement } from './settlement.js';

/** A worker that is alive settles its call within this long after the call's own time is over. */
const SETTLING_GRACE_MS = 5000;
/** How often an image is looked for while the worker of an open attempt may still be at it. */
const PEEK_EVERY_MS = 5000;
/** After so many calls without a usable answer the request ends: the cloud is in no state to make it. */
const UNANSWERED_MAX = 5;

/**
 * Finds out what became of calls whose answer is not known: an image by that name is adopted; without one, a call is
 * sent again only once the fence has passed, when the earlier call can't land any more.
 */
export class Reconciliation {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: ImageRequestWorkStore,
    private readonly attempts: AttemptStore,
    private readonly lookup: NameLookup,
    private readonly settlement: Settlement,
    private readonly hold: CredentialHold,
    private readonly clock: Clock,
    private readonly policy: RetryPolicy,
  ) {}

  /** For a request in `submitting`. Safe to race: whatever it decides is compare-and-set. */
  async run(request: ImageRequest, account: Account): Promise<NextStep> {
    const attempts = await this.attempts.list(this.postgres.db, request.tenantId, request.id);
    const open = attempts.find((attempt) => attempt.outcome === null);
    if (open !== undefined) return this.takeOver(request, account, attempts, open);

    const unanswered = attempts.filter((attempt) => attempt.outcome === 'unknown');
    const last = unanswered.at(-1);
    // A dry run makes nothing, so there is nothing to find and nothing to fear from a second call.
    if (last === undefined || request.dryRun) return this.callAgain(request, unanswered);

    const looked = await this.lookup.look(account, request);
    // Nobody can look before the account is repaired; however long that takes, the call is not given up meanwhile.
    if (looked.kind === 'rejected') return this.hold.hold(request, looked.rejection);
    if (looked.kind === 'busy') return this.lookLater(request, last, null);
    if (looked.kind === 'no_session') return this.lookLater(request, last, sessionAwaited(looked.failure));
    if (looked.kind !== 'looked') return this.wait(request, last);
    const ours = await this.lookup.imageOfAttempts(request, looked.images, attempts);
    if (ours !== null) return this.settlement.adopt(request, ours.imageId);

    const latest = attempts.at(-1);
    if (latest?.outcome === 'refused') return this.afterRefusal(request, latest, last, looked.images);
    if (this.isFenced(last)) return this.wait(request, last);
    return this.callAgain(request, unanswered);
  }

  /** A refusal that came after an unanswered call counts once the look-up has shown that the call made nothing. */
  private async afterRefusal(
    request: ImageRequest,
    refused: Attempt,
    unanswered: Attempt,
    holders: readonly CloudImage[],
  ): Promise<NextStep> {
    const code = refused.code ?? '';
    const failure = upstreamFailure(code, refused.cause ?? code, refused.upstreamRequestId);
    const { handling } = classify(code);
    switch (handling) {
      case 'reconcile':
        // "Duplicate", and the image that bears the name cannot be seen yet: it is most likely ours.
        return holders.length === 0 ? this.wait(request, unanswered) : this.settlement.fail(request, failure);
      case 'reconcile_then_retry_state':
        return this.settlement.retryLater(request, failure);
      case 'retry_state':
      case 'retry_rate':
        return this.settlement.retryLater(request, failure);
      case 'retry_once':
      case 'refresh_credential':
      case 'fail':
      case 'succeed':
        return this.settlement.fail(request, failure);
      default:
        return assertNever(handling);
    }
  }

  /**
   * Leaves an attempt alone while its worker may still be at it; after that nobody will tell its outcome. An image that
   * can be seen meanwhile tells it sooner; the answer of a worker that is alive after all is still written down.
   */
  private async takeOver(
    request: ImageRequest,
    account: Account,
    attempts: readonly Attempt[],
    open: Attempt,
  ): Promise<NextStep> {
    const overAt = open.startedAt.getTime() + this.policy.upstreamTimeoutMs + SETTLING_GRACE_MS;
    const leftMs = overAt - this.clock.now().getTime();
    if (leftMs > 0) {
      const inDoubt = attempts.map((attempt) =>
        attempt === open ? { ...open, outcome: 'unknown' as const } : attempt,
      );
      const imageId = request.dryRun ? null : await this.imageMadeBy(request, account, inDoubt);
      if (imageId === null) return again(Math.min(leftMs, PEEK_EVERY_MS));
      await this.settlement.closeAsLost(request, open);
      return this.settlement.adopt(request, imageId);
    }
    await this.settlement.closeAsLost(request, open);
    return again(0);
  }

  private async imageMadeBy(
    request: ImageRequest,
    account: Account,
    attempts: readonly Attempt[],
  ): Promise<string | null> {
    const looked = await this.lookup.look(account, request);
    if (looked.kind !== 'looked') return null;
    return (await this.lookup.imageOfAttempts(request, looked.images, attempts))?.imageId ?? null;
  }

  /** True while the unanswered call could still land, were it only late. */
  private isFenced(unanswered: Attempt): boolean {
    return this.sinceMs(unanswered) < this.policy.resendFenceMs;
  }

  private sinceMs(unanswered: Attempt): number {
    return this.clock.now().getTime() - (unanswered.finishedAt ?? unanswered.startedAt).getTime();
  }

  /** Looks again after a pause that grows, and at the fence at the latest; not for ever. */
  private async wait(request: ImageRequest, unanswered: Attempt): Promise<NextStep> {
    const sinceMs = this.sinceMs(unanswered);
    const lookedForMs = Math.min(sinceMs, this.clock.now().getTime() - (request.retryingSince?.getTime() ?? 0));
    if (lookedForMs >= this.policy.trackDeadlineMs) return this.giveUp(request, unanswered);
    const fenceLeftMs = this.policy.resendFenceMs - sinceMs;
    const pauseMs = Math.min(reconcilePauseMs(sinceMs), fenceLeftMs > 0 ? fenceLeftMs : Infinity);
    const now = this.clock.now();
    const changes = { nextAttemptAt: new Date(now.getTime() + pauseMs), error: null };
    await this.store.amend(this.postgres.db, request, changes, now);
    return again(pauseMs);
  }

  /** The cloud could not be asked this time, which is no reason to give up. */
  private async lookLater(request: ImageRequest, unanswered: Attempt, error: Failure | null): Promise<NextStep> {
    const now = this.clock.now();
    const pauseMs = reconcilePauseMs(this.sinceMs(unanswered));
    const nextAttemptAt = new Date(now.getTime() + pauseMs);
    await this.store.amend(this.postgres.db, request, { nextAttemptAt, error }, now);
    return again(pauseMs);
  }

  private async callAgain(request: ImageRequest, unanswered: readonly Attempt[]): Promise<NextStep> {
    const last = unanswered.at(-1);
    if (last !== undefined && unanswered.length >= UNANSWERED_MAX) return this.giveUp(request, last);
    return this.settlement.requeue(request);
  }

  private async giveUp(request: ImageRequest, unanswered: Attempt): Promise<NextStep> {
    return this.settlement.fail(request, outcomeUnknown(request.attemptsMade, unanswered.cause ?? 'unknown'));
  }
}
