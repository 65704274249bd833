const KEPT_MAX = 200_000;
const DROPPED_AT_ONCE = 10_000;

export interface CallEntry {
  /** Counts from 1, in order of arrival. */
  n: number;
  at: string;
  /** On the simulator's monotonic clock, with fractions: differences are exact, the value itself means nothing. */
  arrivedAtMs: number;
  host: string;
  action: string | null;
  version: string | null;
  region: string | null;
  uin: string | null;
  userId: string | null;
  secretId: string | null;
  traceId: string | null;
  imageName: string | null;
  /** The JSON body as sent; null when it was none. */
  parameters: unknown;
  rateLimited: boolean;
  /** True once the action was carried out, whatever the caller got to see of it. */
  processed: boolean;
  /** The code that the caller was (or would have been) answered with; null for success or no API answer. */
  code: string | null;
  requestId: string;
  imageId: string | null;
  /** The kinds of the faults that struck, joined by `+`. */
  fault: string | null;
}

/** Every call to the cloud API, as it arrived. Keeps the newest 200,000, so that a long run cannot eat all memory. */
export class CallLog {
  private calls: CallEntry[] = [];
  private lastNumber = 0;

  constructor(private readonly keptMax = KEPT_MAX) {}

  /** The entry stays live: its later fields are filled in while the call is served. */
  append(entry: Omit<CallEntry, 'n'>): CallEntry {
    this.lastNumber += 1;
    const numbered = { n: this.lastNumber, ...entry };
    this.calls.push(numbered);
    if (this.calls.length > this.keptMax + DROPPED_AT_ONCE) this.calls.splice(0, DROPPED_AT_ONCE);
    return numbered;
  }

  all(): CallEntry[] {
    return this.calls.slice(-this.keptMax);
  }

  clear(): void {
    this.calls = [];
  }
}
