/** When to try again after each failed attempt: one step for each retry. */
export interface RetrySchedule {
  readonly stepsMs: readonly number[];
  /** 0 up to 1; `Math.random` outside of tests. */
  readonly random: () => number;
}

const JITTER = 0.2;

/**
 * How long to wait after the failed attempt number `attemptsMade`; null when it was the last. Spread by ±20 %, so that
 * receivers that failed together are not called together. What the receiver asked for takes the place of the step, but
 * not less than half nor more than twice of it: it may slow us down, not stop us.
 */
export function retryDelayMs(
  schedule: RetrySchedule,
  attemptsMade: number,
  retryAfterMs: number | null,
): number | null {
  const stepMs = schedule.stepsMs[attemptsMade - 1];
  if (stepMs === undefined) return null;
  if (retryAfterMs !== null) return Math.round(Math.min(Math.max(retryAfterMs, stepMs / 2), stepMs * 2));
  return Math.round(stepMs * (1 - JITTER + 2 * JITTER * schedule.random()));
}

/** Reads a `Retry-After`: seconds, or an HTTP date. Null when there is none that can be read. */
export function parseRetryAfterMs(header: string | undefined, now: Date): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
