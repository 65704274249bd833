/** What the judge's times of arrival say. All times are in milliseconds and in order. */

const SECOND_MS = 1000;

/** A second is half-open: two arrivals exactly 1000 ms apart never share one. */
export function maxInAnySecond(times: readonly number[]): number {
  let first = 0;
  let most = 0;
  times.forEach((time, last) => {
    while (time - (times[first] ?? time) >= SECOND_MS) first += 1;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

/**
 * Calls a second, free of how the run starts and ends: it is the limit over the mean time from an arrival to the
 * `limit`th after it. Whoever keeps within the limit can't exceed it, and whoever uses all of it reaches it, whether his
 * calls come evenly or ten at a time. Null when there are too few arrivals to tell.
 */
export function pace(times: readonly number[], limit: number): number | null {
  if (times.length <= limit) return null;
  const elapsedMs = mean(times.slice(-limit)) - mean(times.slice(0, limit));
  return elapsedMs > 0 ? ((times.length - limit) / elapsedMs) * SECOND_MS : null;
}

export function secondsBetween(times: readonly number[]): number {
  return ((times.at(-1) ?? 0) - (times[0] ?? 0)) / SECOND_MS;
}

/** The value that the given share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((left, right) => left - right);
  return ordered[Math.max(0, Math.ceil(ordered.length * share) - 1)] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
