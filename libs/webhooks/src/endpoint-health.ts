/** How an endpoint has answered of late. */
export interface EndpointHealth {
  /** Attempts that failed since the last one that succeeded. Those that end while the circuit is open do not count. */
  readonly failuresInRow: number;
  /** When the first of them failed; null while the last attempt succeeded. */
  readonly failingSince: Date | null;
  /** When the last of them failed. */
  readonly failedAt: Date | null;
  /** The circuit is open until then: nothing is sent. Null while it is closed. */
  readonly openUntil: Date | null;
}

export const HEALTHY: EndpointHealth = { failuresInRow: 0, failingSince: null, failedAt: null, openUntil: null };

/**
 * How many attempts are under way to one endpoint. One that hangs holds each for the whole timeout, so this bounds what it
 * costs everybody else; and it spares a receiver that a backlog falls upon.
 */
export const ATTEMPTS_AT_ONCE_MAX = 10;
/**
 * As many as one delivery has attempts: so one event alone, which the endpoint refuses again and again, never opens the
 * circuit before its own schedule ends. A dead endpoint does with the first attempts that are made side by side.
 */
const FAILURES_THAT_OPEN = 10;
/** The pause doubles with each probe that fails, up to this many times the first one: 5 s and 5 min by default. */
const PAUSE_FACTOR_MAX = 60;
const DAY_MS = 24 * 60 * 60_000;
const FAILING_MAX_MS = 5 * DAY_MS;
/** Longer than the longest step of the schedule: where nothing was tried for that long, nothing is known of the time. */
const SILENCE_MAX_MS = 2 * DAY_MS;

/**
 * How many attempts may be under way now: fewer with each failure in a row, so that those under way never fail more often
 * than it takes to open the circuit; none while it is open, and after that one, which tells whether the endpoint works again.
 */
export function placesOf({ failuresInRow, openUntil }: EndpointHealth, now: Date): number {
  if (failuresInRow < FAILURES_THAT_OPEN) return Math.min(ATTEMPTS_AT_ONCE_MAX, FAILURES_THAT_OPEN - failuresInRow);
  return openUntil !== null && openUntil > now ? 0 : 1;
}

/**
 * The health after one more attempt, which ended `at`. One success closes the circuit; `firstPauseMs` is how long it stays
 * open at first. What ends while it is open was begun before, and says nothing new.
 */
export function afterAttempt(
  health: EndpointHealth,
  succeeded: boolean,
  at: Date,
  firstPauseMs: number,
): EndpointHealth {
  if (succeeded) return HEALTHY;
  const failingSince = isSilentSince(health.failedAt, at) ? at : (health.failingSince ?? at);
  if (placesOf(health, at) === 0) return { ...health, failingSince, failedAt: at };
  const failuresInRow = health.failuresInRow + 1;
  if (failuresInRow < FAILURES_THAT_OPEN) return { failuresInRow, failingSince, failedAt: at, openUntil: null };
  const pauses = Math.min(2 ** (failuresInRow - FAILURES_THAT_OPEN), PAUSE_FACTOR_MAX);
  return { failuresInRow, failingSince, failedAt: at, openUntil: new Date(at.getTime() + firstPauseMs * pauses) };
}

export function isSame(one: EndpointHealth, other: EndpointHealth): boolean {
  return (
    one.failuresInRow === other.failuresInRow &&
    one.failingSince?.getTime() === other.failingSince?.getTime() &&
    one.failedAt?.getTime() === other.failedAt?.getTime() &&
    one.openUntil?.getTime() === other.openUntil?.getTime()
  );
}

function isSilentSince(failedAt: Date | null, at: Date): boolean {
  return failedAt !== null && at.getTime() - failedAt.getTime() > SILENCE_MAX_MS;
}

/** Five days of nothing but failures, without two of silence: nobody listens there any more. */
export function isGivenUp({ failingSince }: EndpointHealth, at: Date): boolean {
  return failingSince !== null && at.getTime() - failingSince.getTime() >= FAILING_MAX_MS;
}
