/** How much of everything a drill has. */
export interface Plan {
  /** Sealed credentials in all. */
  readonly credentials: number;
  /** Of these, accounts that are called for all the time. */
  readonly busyAccounts: number;
  readonly gateways: number;
  readonly workers: number;
  /** Between two posts, and between two replacements of a credential by its tenant. */
  readonly postEveryMs: number;
  readonly replaceEveryMs: number;
}

export const FULL: Plan = {
  credentials: 10_000,
  busyAccounts: 6,
  gateways: 2,
  workers: 2,
  postEveryMs: 150,
  replaceEveryMs: 500,
};

/** As long as a minute allows, with every step in it. */
export const SHORT: Plan = {
  credentials: 300,
  busyAccounts: 3,
  gateways: 1,
  workers: 1,
  postEveryMs: 200,
  replaceEveryMs: 400,
};
