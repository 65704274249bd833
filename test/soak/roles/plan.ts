/** How much of everything happens in a run. */
export interface Plan {
  readonly seconds: number;
  /** How long the cloud lets a session live, whatever was asked for. */
  readonly tokenLifeMs: number;
  readonly accounts: number;
  readonly workers: number;
  /** Orders are spread over the accounts in turn. */
  readonly ordersASecond: number;
}

export const FULL: Omit<Plan, 'seconds'> = { tokenLifeMs: 60_000, accounts: 6, workers: 3, ordersASecond: 4 };

/** Several lives of a session within what an end-to-end test may take. */
export const SHORT: Plan = { seconds: 20, tokenLifeMs: 5000, accounts: 4, workers: 2, ordersASecond: 4 };
