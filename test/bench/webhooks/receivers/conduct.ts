/** How a receiver treats what is posted to it. */
export type Conduct =
  /** 204 at once. */
  | 'works'
  /** Never answers. */
  | 'hangs'
  /** 500 at once. */
  | 'fails'
  /** 204 after two seconds. */
  | 'slow'
  /** 503 at once, for the time being. */
  | 'down';

/** One request, as its receiver saw it. */
export interface Arrival {
  readonly receiver: number;
  /** When its last byte was there, by the machine's monotonic clock. */
  readonly atMs: number;
  readonly eventId: string;
  readonly subject: string;
  readonly sequence: number;
  /** False for one that gets no 2xx. */
  readonly isTaken: boolean;
}
