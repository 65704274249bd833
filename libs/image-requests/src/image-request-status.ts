export type ImageRequestStatus = 'queued' | 'submitting' | 'creating' | 'succeeded' | 'failed' | 'canceled';

/** What holds a request up besides its turn: a queued one, and `credential` also one of whose call nobody knows what became. */
export type Obstacle = 'instance' | 'retry' | 'credential';

/** What a queued request is said to wait for: its turn, when nothing else holds it up. A retry's reason stands in its error. */
export type WaitingFor = Exclude<Obstacle, 'credential'> | 'token';

/** The whole life of a request. Only a caller's retry leads out of `failed`, so a late reply of the cloud cannot reopen it. */
const NEXT: Record<ImageRequestStatus, readonly ImageRequestStatus[]> = {
  queued: ['submitting', 'failed', 'canceled'],
  submitting: ['creating', 'queued', 'succeeded', 'failed'],
  creating: ['succeeded', 'failed'],
  succeeded: [],
  failed: ['queued'],
  canceled: [],
};

export class IllegalTransition extends Error {
  constructor(from: ImageRequestStatus, to: ImageRequestStatus) {
    super(`an image request cannot go from ${from} to ${to}`);
  }
}

export function assertTransition(from: ImageRequestStatus, to: ImageRequestStatus): void {
  if (!NEXT[from].includes(to)) throw new IllegalTransition(from, to);
}

/** True once nothing but a caller's retry can change the request any more. */
export function isEnded(status: ImageRequestStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}
