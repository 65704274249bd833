import type { Account } from '#libs/accounts';
import { classify } from '#libs/cloud';
import type { Clock } from '#libs/clock';
import { assertNever } from '#libs/errors';
import type { SystemPostgres } from '#libs/postgres';
import { type Attempt, wasHeard } from './attempt.js';
import type { AttemptStore } from './attempt.store.js';
import type { CredentialHold } from './credential-hold.js';
import { deadlineExceeded, nameTaken, upstreamFailure, upstreamUnreachable } from './failures.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { NameLookup, NameLookupResult } from './name-lookup.js';
import { again, DONE, type NextStep } from './next-step.js';
import { ratePauseMs, type RetryPolicy, statePauseMs } from './retry-policy.js';
import type { Settlement } from './settlement.js';

export type Readiness =
  | { readonly kind: 'ready' }
  /** The request takes another way; the lane has been left. */
  | { readonly kind: 'not_ready'; readonly step: NextStep };

/** How often a request of a disabled account is looked at again. */
const DISABLED_PAUSE_MS = 30_000;
/** When the look-ups of an account are saturated. */
const BUSY_PAUSE_MS = 500;

/** Everything that must hold before a queued request may ask for a token. */
export class Preparation {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: ImageRequestWorkStore,
    private readonly attempts: AttemptStore,
    private readonly lookup: NameLookup,
    private readonly settlement: Settlement,
    private readonly entrance: LaneEntrance,
    private readonly hold: CredentialHold,
    private readonly clock: Clock,
    private readonly policy: RetryPolicy,
  ) {}

  async prepare(request: ImageRequest, account: Account): Promise<Readiness> {
    const obstacle =
      (await this.obstacleInTime(request)) ??
      (await this.obstacleOfAccount(request, account)) ??
      this.obstacleAtInstance(request) ??
      (await this.obstacleByName(request, account));
    if (obstacle === null) return { kind: 'ready' };
    await this.entrance.leave(request);
    return { kind: 'not_ready', step: obstacle };
  }

  private async obstacleInTime(request: ImageRequest): Promise<NextStep | null> {
    const now = this.clock.now();
    const { startDeadline } = request;
    if (startDeadline !== null && startDeadline <= now && !(await this.attemptsOf(request)).some(wasHeard))
      return this.settlement.fail(request, deadlineExceeded(startDeadline, request.error));
    if (request.nextAttemptAt !== null && request.nextAttemptAt > now)
      return again(request.nextAttemptAt.getTime() - now.getTime());
    return null;
  }

  private async obstacleOfAccount(request: ImageRequest, account: Account): Promise<NextStep | null> {
    if (account.rejection !== null) return this.hold.hold(request, account.rejection);
    if (request.waitingFor === 'credential') await this.hold.letGo(request);
    if (account.status === 'active') return null;
    const at = this.clock.now();
    const nextAttemptAt = new Date(at.getTime() + DISABLED_PAUSE_MS);
    await this.store.amend(this.postgres.db, request, { waitingFor: 'retry', nextAttemptAt }, at);
    return again(DISABLED_PAUSE_MS);
  }

  /** Two requests that came at once may both be on their way; the index lets only one of them be submitted. */
  private obstacleAtInstance(request: ImageRequest): NextStep | null {
    return request.waitingFor === 'instance' ? DONE : null;
  }

  /**
   * Before the first call the name must be free: an image that bears it fails the request as the cloud would, and its
   * absence makes every later find ours. After an unanswered call every further one looks again, for that call's image
   * may have turned up late.
   */
  private async obstacleByName(request: ImageRequest, account: Account): Promise<NextStep | null> {
    if (request.dryRun) return null;
    const attempts = await this.attemptsOf(request);
    const mayHaveMade = attempts.some(({ outcome }) => outcome === 'unknown' || outcome === 'accepted');
    if (request.nameSeenFreeAt !== null && !mayHaveMade) return null;

    const looked = await this.lookup.look(account, request);
    if (looked.kind === 'busy') return again(BUSY_PAUSE_MS);
    if (looked.kind === 'rejected') return this.hold.hold(request, looked.rejection);
    if (looked.kind !== 'looked') return this.obstacleInLooking(request, looked);
    const ours = await this.lookup.imageOfAttempts(request, looked.images, attempts);
    if (ours !== null) return this.settlement.adopt(request, ours.imageId);
    const [holder] = looked.images;
    if (holder !== undefined)
      return this.settlement.fail(request, nameTaken(request.imageName, holder.imageId, looked.requestId));
    await this.store.noteNameFree(this.postgres.db, request, this.clock.now());
    return null;
  }

  /** Those that were not sent don't count, and before the first call there is nothing to read. */
  private async attemptsOf(request: ImageRequest): Promise<readonly Attempt[]> {
    if (request.attemptsMade === 0) return [];
    return this.attempts.list(this.postgres.db, request.tenantId, request.id);
  }

  private async obstacleInLooking(
    request: ImageRequest,
    looked: Exclude<NameLookupResult, { kind: 'looked' | 'busy' | 'rejected' }>,
  ): Promise<NextStep> {
    const pauseMs = statePauseMs(this.policy, request.retriesMade, Math.random);
    if (looked.kind === 'no_session') return this.settlement.postpone(request, pauseMs, looked.failure);
    if (looked.kind === 'unavailable')
      return this.settlement.postpone(request, pauseMs, upstreamUnreachable(looked.cause));

    const failure = upstreamFailure(looked.code, looked.message, looked.requestId);
    const { handling } = classify(looked.code);
    switch (handling) {
      case 'retry_rate':
        return this.settlement.postpone(request, ratePauseMs(Math.random), failure);
      case 'retry_state':
      case 'reconcile_then_retry_state':
      case 'reconcile':
        return this.settlement.postpone(request, pauseMs, failure);
      case 'retry_once':
      case 'refresh_credential':
        if (request.retriesMade === 0) return this.settlement.postpone(request, pauseMs, failure);
        return this.settlement.fail(request, failure);
      case 'fail':
      case 'succeed':
        return this.settlement.fail(request, failure);
      default:
        return assertNever(handling);
    }
  }
}
