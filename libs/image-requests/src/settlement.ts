import type { CredentialStanding, Standing } from '#libs/accounts';
import { type CloudTarget, classify, type CreateImageOutcome, rejectsCredential } from '#libs/cloud';
import type { Clock } from '#libs/clock';
import { assertNever } from '#libs/errors';
import { isUniqueViolation, type SystemPostgres, type Tx } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import { type Attempt, type AttemptResult, rejectedInARow } from './attempt.js';
import { callOf, detailOf, LOST, notSent, resultOf } from './attempt-result.js';
import type { AttemptStore } from './attempt.store.js';
import { heldChanges } from './credential-hold.store.js';
import { nameInDoubt, upstreamFailure, upstreamUnreachable } from './failures.js';
import type { Failure, ImageRequest } from './image-request.js';
import { NAME_IN_CALLS } from './image-request.tables.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import { again, DONE, type NextStep } from './next-step.js';
import { lookPauseMs, ratePauseMs, reconcilePauseMs, type RetryPolicy, statePauseMs } from './retry-policy.js';
import { BY_THE_WORKER, type Transitions } from './transitions.js';

/** So often in a row a request is called again at once whose credential was replaced while its call was on the way. */
const OUTDATED_MAX = 3;

/** What a call was signed with. */
export interface Signed extends Pick<CloudTarget, 'credential' | 'credentialVersion'> {
  /** It was the token of a role's session that was refused, and the next call has another. */
  readonly isSessionLost: boolean;
}

/** The answer to an attempt, and what it means for the request: written together. */
export class Settlement {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: ImageRequestWorkStore,
    private readonly attempts: AttemptStore,
    private readonly transitions: Transitions,
    private readonly standing: CredentialStanding,
    private readonly queues: Queues,
    private readonly clock: Clock,
    private readonly policy: RetryPolicy,
  ) {}

  /** `earlier` are the request's attempts before this one. Safe to race with a reconciliation of the same attempt. */
  async settle(
    request: ImageRequest,
    attempt: Attempt,
    earlier: readonly Attempt[],
    outcome: CreateImageOutcome,
    signed: Signed,
  ): Promise<NextStep> {
    return this.postgres.transaction(async (tx) => {
      // First of all, for it locks the account.
      const standing = await this.standingAfter(tx, request, attempt, earlier, outcome, signed);
      const at = this.clock.now();
      const closed = await this.close(tx, request, attempt, resultOf(outcome), at);
      // Whoever closed the attempt before us took it for unknown; only an accepted call tells more than that.
      if (!closed && outcome.kind !== 'accepted') return DONE;
      if (standing !== null) return this.rejected(tx, request, earlier, standing, at);
      switch (outcome.kind) {
        case 'accepted':
          return this.accepted(tx, request, outcome.imageId, at);
        case 'refused':
          if (signed.isSessionLost) return this.sessionLost(tx, request, outcome, at);
          return this.refused(tx, request, earlier, outcome, at);
        case 'unknown':
          return this.lookFirst(tx, request, at);
        case 'not_sent': {
          const pauseMs = statePauseMs(this.policy, request.retriesMade, Math.random);
          const uncounted = { ...request, attemptsMade: request.attemptsMade - 1 };
          return this.retry(tx, uncounted, pauseMs, upstreamUnreachable(outcome.cause), at);
        }
        default:
          return assertNever(outcome);
      }
    });
  }

  /** Closes an attempt whose worker is gone. False when it was closed meanwhile. */
  async closeAsLost(request: ImageRequest, attempt: Attempt): Promise<boolean> {
    return this.postgres.transaction((tx) => this.close(tx, request, attempt, LOST, this.clock.now()));
  }

  /** Nothing was sent: back to the queue at once, as if the attempt had not been begun but for its record. */
  async retract(request: ImageRequest, attempt: Attempt, cause: string): Promise<NextStep> {
    return this.postgres.transaction(async (tx) => {
      const at = this.clock.now();
      if (!(await this.attempts.close(tx, attempt, notSent(cause), at))) return DONE;
      const changes = { waitingFor: null, nextAttemptAt: null, attemptsMade: request.attemptsMade - 1 };
      const queued = await this.transitions.apply(tx, request, 'queued', changes, at);
      return queued === null ? DONE : again(0);
    });
  }

  /** Nothing was sent, since nothing could be signed: tried again after a pause, with no call on record. */
  async notSigned(request: ImageRequest, attempt: Attempt, failure: Failure): Promise<NextStep> {
    const pauseMs = statePauseMs(this.policy, request.retriesMade, Math.random);
    return this.postgres.transaction(async (tx) => {
      const at = this.clock.now();
      if (!(await this.attempts.close(tx, attempt, notSent(failure.message), at))) return DONE;
      return this.retry(tx, { ...request, attemptsMade: request.attemptsMade - 1 }, pauseMs, failure, at);
    });
  }

  /**
   * The image that an unanswered attempt made after all. From `queued`, the request passes through `submitting`, and looks
   * again later while another call by its name is in doubt, for then the image may be that one's.
   */
  async adopt(request: ImageRequest, imageId: string): Promise<NextStep> {
    try {
      return await this.postgres.transaction(async (tx) => {
        const at = this.clock.now();
        const submitting =
          request.status === 'queued' ? await this.transitions.apply(tx, request, 'submitting', {}, at) : request;
        return submitting === null ? DONE : this.accepted(tx, submitting, imageId, at, { adopted: true });
      });
    } catch (error) {
      if (!isUniqueViolation(error, NAME_IN_CALLS)) throw error;
      return this.postpone(request, statePauseMs(this.policy, 0, Math.random), nameInDoubt(request.imageName));
    }
  }

  /** Back to the lane for another call, with all its patience: what it has waited for so far was an answer, not its turn. */
  async requeue(request: ImageRequest): Promise<NextStep> {
    return this.postgres.transaction(async (tx) => {
      const changes = { waitingFor: null, nextAttemptAt: null, error: null, retryingSince: null, retriesMade: 0 };
      const queued = await this.transitions.apply(tx, request, 'queued', changes, this.clock.now());
      return queued === null ? DONE : again(0);
    });
  }

  /** The image is usable. */
  async succeed(request: ImageRequest): Promise<void> {
    await this.postgres.transaction((tx) => this.transitions.apply(tx, request, 'succeeded', {}, this.clock.now()));
  }

  async fail(request: ImageRequest, error: Failure): Promise<NextStep> {
    await this.postgres.transaction((tx) => this.transitions.apply(tx, request, 'failed', { error }, this.clock.now()));
    return DONE;
  }

  /** Back to the queue after a refusal that passes by itself, or failed when the series has lasted too long. */
  async retryLater(request: ImageRequest, failure: Failure): Promise<NextStep> {
    const pauseMs = statePauseMs(this.policy, request.retriesMade, Math.random);
    return this.postgres.transaction((tx) => this.retry(tx, request, pauseMs, failure, this.clock.now()));
  }

  /** Of a request that is still queued: tries again after the pause, or gives up when the series has lasted too long. */
  async postpone(request: ImageRequest, pauseMs: number, failure: Failure): Promise<NextStep> {
    const at = this.clock.now();
    if (this.isOutOfPatience(request, at)) return this.fail(request, failure);
    const amended = await this.store.amend(this.postgres.db, request, this.retryChanges(request, pauseMs, at), at);
    return amended ? again(pauseMs) : DONE;
  }

  private async close(
    tx: Tx,
    request: ImageRequest,
    attempt: Attempt,
    result: AttemptResult,
    at: Date,
  ): Promise<boolean> {
    if (!(await this.attempts.close(tx, attempt, result, at))) return false;
    await this.transitions.recordCall(tx, request, callOf(attempt, result), detailOf(attempt, result), at);
    return true;
  }

  private async accepted(
    tx: Tx,
    request: ImageRequest,
    imageId: string | null,
    at: Date,
    detail: Readonly<Record<string, unknown>> = {},
  ): Promise<NextStep> {
    const calm = { retryingSince: null, retriesMade: 0, waitingFor: null, error: null, submittedAt: at };
    if (imageId === null) {
      await this.transitions.apply(tx, request, 'succeeded', calm, at);
      return DONE;
    }
    const pauseMs = lookPauseMs(this.policy, 0);
    const changes = { ...calm, imageId, nextAttemptAt: new Date(at.getTime() + pauseMs) };
    const creating = await this.transitions.apply(tx, request, 'creating', changes, at, { ...BY_THE_WORKER, detail });
    if (creating !== null) this.postgres.onCommit(tx, () => this.trackSoon(creating, pauseMs));
    return DONE;
  }

  /**
   * Each worker has sessions of its own, and the next call may meet another one that is lost; so this goes on for as long
   * as other refusals that pass by themselves. The first call after it needs no pause.
   */
  private async sessionLost(
    tx: Tx,
    request: ImageRequest,
    { code, message, requestId }: Refusal,
    at: Date,
  ): Promise<NextStep> {
    const pauseMs = request.retriesMade === 0 ? 0 : statePauseMs(this.policy, request.retriesMade - 1, Math.random);
    return this.retry(tx, request, pauseMs, upstreamFailure(code, message, requestId), at);
  }

  /** Null unless the call was refused because of the credential that signed it. */
  private async standingAfter(
    tx: Tx,
    { tenantId, accountId }: ImageRequest,
    attempt: Attempt,
    earlier: readonly Attempt[],
    outcome: CreateImageOutcome,
    { credential, credentialVersion }: Pick<CloudTarget, 'credential' | 'credentialVersion'>,
  ): Promise<Standing | null> {
    if (outcome.kind !== 'refused' || !rejectsCredential(outcome.code, credential)) return null;
    const { code, requestId: upstreamRequestId } = outcome;
    const calledAt = rejectedInARow(earlier) < OUTDATED_MAX ? attempt.startedAt : null;
    const call = {
      tenantId,
      accountId,
      credentialVersion,
      calledAt,
      action: 'cvm.CreateImage',
      code,
      upstreamRequestId,
    };
    return this.standing.refused(tx, call, BY_THE_WORKER);
  }

  /**
   * Nothing was made, and it says nothing about the request: that waits until the account is repaired, or is called again
   * at once with the credential that has replaced the refused one. What an earlier call may have made is looked for
   * before any further one.
   */
  private async rejected(
    tx: Tx,
    request: ImageRequest,
    earlier: readonly Attempt[],
    standing: Standing,
    at: Date,
  ): Promise<NextStep> {
    const surplus = rejectedInARow(earlier) - OUTDATED_MAX;
    const pauseMs = surplus < 0 ? 0 : statePauseMs(this.policy, surplus, Math.random);
    const changes =
      standing.kind === 'rejected'
        ? heldChanges(standing.rejection)
        : pauseMs === 0
          ? { waitingFor: null, nextAttemptAt: null }
          : ({ waitingFor: 'retry', nextAttemptAt: new Date(at.getTime() + pauseMs) } as const);
    const detail = { credential: standing.kind };
    const queued = await this.transitions.apply(tx, request, 'queued', changes, at, { ...BY_THE_WORKER, detail });
    return queued === null || standing.kind === 'rejected' ? DONE : again(pauseMs);
  }

  private async refused(
    tx: Tx,
    request: ImageRequest,
    earlier: readonly Attempt[],
    outcome: Refusal,
    at: Date,
  ): Promise<NextStep> {
    const failure = upstreamFailure(outcome.code, outcome.message, outcome.requestId);
    const mayBeOurs = earlier.some((attempt) => attempt.outcome === 'unknown');
    const { handling } = classify(outcome.code);
    switch (handling) {
      case 'reconcile_then_retry_state':
        if (mayBeOurs) return this.lookFirst(tx, request, at);
        return this.retry(tx, request, statePauseMs(this.policy, request.retriesMade, Math.random), failure, at);
      case 'retry_state':
        return this.retry(tx, request, statePauseMs(this.policy, request.retriesMade, Math.random), failure, at);
      case 'retry_rate':
        return this.retry(tx, request, ratePauseMs(Math.random), failure, at);
      case 'retry_once':
      case 'refresh_credential':
        if (!earlier.some((attempt) => attempt.code === outcome.code))
          return this.retry(tx, request, statePauseMs(this.policy, 0, Math.random), failure, at);
        break;
      case 'reconcile':
      case 'fail':
      case 'succeed':
        break;
      default:
        return assertNever(handling);
    }
    // Not even a final refusal proves that an earlier, unanswered call made nothing.
    if (mayBeOurs) return this.lookFirst(tx, request, at);
    await this.transitions.apply(tx, request, 'failed', { error: failure }, at);
    return DONE;
  }

  /** The request stays in `submitting` until a look-up by name has told what became of the call. */
  private async lookFirst(tx: Tx, request: ImageRequest, at: Date): Promise<NextStep> {
    const pauseMs = reconcilePauseMs(0);
    await this.store.amend(tx, request, { nextAttemptAt: new Date(at.getTime() + pauseMs) }, at);
    return again(pauseMs);
  }

  private async retry(tx: Tx, request: ImageRequest, pauseMs: number, failure: Failure, at: Date): Promise<NextStep> {
    if (this.isOutOfPatience(request, at)) {
      await this.transitions.apply(tx, request, 'failed', { error: failure }, at);
      return DONE;
    }
    const changes = this.retryChanges(request, pauseMs, at);
    const queued = await this.transitions.apply(tx, request, 'queued', changes, at, {
      ...BY_THE_WORKER,
      detail: { code: failure.code },
    });
    return queued === null ? DONE : again(pauseMs);
  }

  /** A hint to hurry: the row says when its next look is due, and the recovery sweep reads it there. */
  private async trackSoon(request: ImageRequest, pauseMs: number): Promise<void> {
    await this.queues.track(request.accountId, request.region, pauseMs).catch(() => undefined);
  }

  private isOutOfPatience(request: ImageRequest, at: Date): boolean {
    if (request.retryingSince === null) return false;
    return at.getTime() - request.retryingSince.getTime() >= this.policy.stateRetryDeadlineMs;
  }

  private retryChanges(request: ImageRequest, pauseMs: number, at: Date) {
    return {
      waitingFor: 'retry',
      nextAttemptAt: new Date(at.getTime() + pauseMs),
      retryingSince: request.retryingSince ?? at,
      retriesMade: request.retriesMade + 1,
      error: null,
      attemptsMade: request.attemptsMade,
    } as const;
  }
}

type Refusal = Pick<Extract<CreateImageOutcome, { kind: 'refused' }>, 'code' | 'message' | 'requestId'>;
