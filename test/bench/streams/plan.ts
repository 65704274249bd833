/** How much of everything happens in a run. */
export interface Plan {
  readonly streams: number;
  /** Streams are spread over them in turn, and so are events. */
  readonly tenants: number;
  readonly seconds: number;
  readonly eventsASecond: number;
}

export const FULL: Plan = { streams: 1000, tenants: 20, seconds: 20, eventsASecond: 50 };

/** What an end-to-end test has time for. */
export const SHORT: Plan = { streams: 50, tenants: 5, seconds: 3, eventsASecond: 50 };
