/** How much of everything happens in a run. */
export interface Plan {
  readonly requests: number;
  readonly accounts: number;
  readonly workers: number;
  readonly gateways: number;
  /** Of the first account, with names of which many are the beginnings of others. */
  readonly siblings: number;
  readonly killWorkerEveryMs: number;
  /** Whether the cloud itself refuses a name that is taken: where it does not, only the service's own care is left. */
  readonly enforceUniqueNames: boolean;
  readonly seed: number;
}

export const FULL: Omit<Plan, 'seed' | 'enforceUniqueNames'> = {
  requests: 2000,
  accounts: 8,
  workers: 3,
  gateways: 2,
  siblings: 200,
  killWorkerEveryMs: 5000,
};

/** As long as a minute allows; every kind of harm comes in it. */
export const SHORT: Omit<Plan, 'seed' | 'enforceUniqueNames'> = {
  requests: 160,
  accounts: 4,
  workers: 2,
  gateways: 2,
  siblings: 30,
  killWorkerEveryMs: 5000,
};

/**
 * So that what is left in doubt is decided within the run: a call is given up after two seconds, and the fence is longer
 * than any image stays unseen.
 *
 * All processes of the run share the machine's few cores, with others as it may be: the cloud that stands in for the real
 * one can be kept from reading for longer than a network would take, so the bound of a call's way to it is a wide one.
 */
export const SETTINGS = {
  ARRIVAL_GUARD_MS: '1000',
  UPSTREAM_TIMEOUT_MS: '2000',
  RESEND_FENCE_MS: '8000',
  RETRY_BASE_MS: '500',
  TRACK_INTERVAL_MS: '500',
  WEBHOOK_RETRY_SCHEDULE_MS: Array.from({ length: 20 }, () => 1000).join(','),
};

/** Of all calls of CreateImage: so many are carried out and reset, reset before, carried out and never answered. */
const SHARES = { 'reset-after': 0.2, 'reset-before': 0.1, 'hang-after': 0.05 } as const;
/** Images turn up so late, a fifth of them each; the others at once. */
const INVISIBLE_MS = [1000, 2000, 3500, 5000];

export type ChaosFault =
  | { readonly kind: 'reset-after' | 'reset-before' | 'hang-after' }
  | { readonly kind: 'invisible'; readonly ms: number };

/** Rules for the simulator. A rule sees only what those of its kind before it have let through, so its share of that is larger. */
export function faultRules(): { match: { action: string }; share: number; effect: ChaosFault }[] {
  const match = { action: 'CreateImage' };
  let left = 1;
  const share = (ofAll: number): number => {
    const ofThose = ofAll / left;
    left -= ofAll;
    return ofThose;
  };
  const answers = (['reset-after', 'reset-before', 'hang-after'] as const).map((kind) => ({
    match,
    share: share(SHARES[kind]),
    effect: { kind },
  }));
  left = 1;
  const images = INVISIBLE_MS.map((ms) => ({ match, share: share(0.2), effect: { kind: 'invisible' as const, ms } }));
  return [...answers, ...images];
}
