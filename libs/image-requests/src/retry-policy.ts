/** How patient the service is with the cloud; all in milliseconds. */
export interface RetryPolicy {
  /** The first pause after a refusal that passes by itself; the pauses double up to twelve times this. */
  readonly retryBaseMs: number;
  /** How long a series of such refusals may last before the request fails. */
  readonly stateRetryDeadlineMs: number;
  /** How long one call may take, all of it. */
  readonly upstreamTimeoutMs: number;
  /** How long after an unknown outcome a call may first be sent again; by then the earlier call can't land any more. */
  readonly resendFenceMs: number;
  /** The first pause between looks at an image; it grows to three times this. */
  readonly trackIntervalMs: number;
  readonly trackDeadlineMs: number;
}

/** A number from 0 to 1, by `Math.random` outside of tests. */
export type Random = () => number;

/** After the cloud said "busy": doubling pauses, capped, spread by a fifth so that requests do not march in step. */
export function statePauseMs(policy: RetryPolicy, retriesMade: number, random: Random): number {
  const pauseMs = Math.min(policy.retryBaseMs * 2 ** Math.min(retriesMade, 20), policy.retryBaseMs * 12);
  return Math.round(pauseMs * (0.8 + 0.4 * random()));
}

/** After the cloud said "too fast": its window is a second long, so the next one will do. */
export function ratePauseMs(random: Random): number {
  return Math.round(1000 + 1000 * random());
}

/** Between look-ups after an unknown outcome: soon at first, since most images are visible within a second or two. */
export function reconcilePauseMs(sinceUnknownMs: number): number {
  return Math.round(Math.min(Math.max(500, sinceUnknownMs / 2), 15_000));
}

/** Between looks at an image that is being made: the older, the rarer, at most three times the first pause. */
export function lookPauseMs(policy: RetryPolicy, ageMs: number): number {
  return Math.round(Math.min(policy.trackIntervalMs + ageMs / 10, policy.trackIntervalMs * 3));
}
