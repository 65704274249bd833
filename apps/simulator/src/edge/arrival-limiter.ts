const WINDOW_MS = 1000;

export interface ArrivalVerdict {
  admitted: boolean;
  /** Arrivals in the second that ends with this one, itself included. */
  arrivalsInSecond: number;
  limit: number;
}

/**
 * Never admits more than `limit` arrivals of one bucket in any second (t - 1000 ms, t]. A refused arrival counts too, so
 * a caller that keeps hammering stays refused: the strictest reading of "requests per second", on purpose.
 */
export class ArrivalLimiter {
  private readonly arrivalsByBucket = new Map<string, number[]>();

  /** Times must not go backwards within a bucket. */
  arrive(bucket: string, limit: number, atMs: number): ArrivalVerdict {
    const recent = (this.arrivalsByBucket.get(bucket) ?? []).filter((earlierMs) => earlierMs > atMs - WINDOW_MS);
    recent.push(atMs);
    this.arrivalsByBucket.set(bucket, recent);
    return { admitted: recent.length <= limit, arrivalsInSecond: recent.length, limit };
  }

  clear(): void {
    this.arrivalsByBucket.clear();
  }
}

/** The cloud's own sentence; callers parse the limit out of it. */
export function limitExceededMessage(verdict: ArrivalVerdict): string {
  return (
    `Your current request times equals to \`${verdict.arrivalsInSecond}\` in a second, which exceeds the frequency ` +
    `limit \`${verdict.limit}\` for a second. Please reduce the frequency of calls.`
  );
}
