export interface Plan {
  readonly tenants: number;
  /** How many of them act at once. */
  readonly atOnce: number;
}

export const FULL: Plan = { tenants: 50, atOnce: 8 };
/** What `npm test` runs: every scene and every place, of one tenant that stays and one that leaves. */
export const SHORT: Plan = { tenants: 2, atOnce: 2 };
