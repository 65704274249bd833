import type { Lane } from '#libs/lanes';

/**
 * What the queue should do with the job that just ran: forget it, for something else moves the request on, or run it
 * again. A parked one is forgotten too, since its lane wakes it; but see to `Submission.recall` once it is gone.
 */
export type NextStep =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly inMs: number }
  | { readonly kind: 'parked'; readonly lane: Lane };

export const DONE: NextStep = { kind: 'done' };

export function again(inMs: number): NextStep {
  return { kind: 'again', inMs: Math.max(0, Math.round(inMs)) };
}
