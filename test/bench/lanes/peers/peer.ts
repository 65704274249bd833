export const PEER_KINDS = ['bullmq', 'bare-bullmq', 'rate-limiter-flexible', 'bottleneck'] as const;
export type PeerKind = (typeof PEER_KINDS)[number];

export const PEER_QUEUE = 'bench';
/** Each process takes one entry before it begins, so that all begin together. */
export const START_LIST = 'bench-start';

/** What a limiter is given to do. */
export interface Work {
  readonly redisUrl: string;
  readonly calls: number;
  /** Makes one signed CreateImage call, for the nth of the accounts, and never throws. */
  readonly call: (n: number) => Promise<void>;
}
