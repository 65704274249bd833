import type { UpstreamCall } from '#libs/audit';
import type { CreateImageOutcome } from '#libs/cloud';
import { assertNever } from '#libs/errors';
import { uuidOf } from '#libs/ids';
import type { Attempt, AttemptResult } from './attempt.js';

const NOTHING_KNOWN = {
  durationMs: null,
  code: null,
  upstreamRequestId: null,
  imageId: null,
} satisfies Partial<AttemptResult>;

/** Of a call that was taken back before anything was sent. */
export function notSent(cause: string): AttemptResult {
  return { ...NOTHING_KNOWN, outcome: 'not_sent', cause };
}

/** Of a call whose worker is gone. */
export const LOST: AttemptResult = {
  ...NOTHING_KNOWN,
  outcome: 'unknown',
  cause: 'the worker that made the call was lost',
};

/** Of a call that ended. */
export function resultOf(outcome: CreateImageOutcome): AttemptResult {
  return {
    outcome: outcome.kind,
    durationMs: outcome.durationMs,
    code: outcome.kind === 'refused' || outcome.kind === 'unknown' ? outcome.code : null,
    cause: causeOf(outcome),
    upstreamRequestId: outcome.kind === 'not_sent' ? null : outcome.requestId,
    imageId: outcome.kind === 'accepted' ? outcome.imageId : null,
  };
}

/** The call as the audit log tells it. */
export function callOf(attempt: Attempt, result: AttemptResult): UpstreamCall {
  return {
    endpoint: attempt.endpoint,
    region: attempt.region,
    action: 'CreateImage',
    requestId: result.upstreamRequestId,
    code: result.code,
    durationMs: result.durationMs,
    tokenWaitMs: attempt.tokenWaitMs,
  };
}

/** The rest that the audit log tells of it. */
export function detailOf(attempt: Attempt, result: AttemptResult) {
  return { attemptId: attempt.id, traceId: uuidOf(attempt.id), outcome: result.outcome, cause: result.cause };
}

/** The cloud's words where it refused, ours where it did not answer. */
function causeOf(outcome: CreateImageOutcome): string | null {
  switch (outcome.kind) {
    case 'accepted':
      return null;
    case 'refused':
      return outcome.message;
    case 'unknown':
    case 'not_sent':
      return outcome.cause;
    default:
      return assertNever(outcome);
  }
}
