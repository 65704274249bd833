/** What the queue should do with the job that just ran: forget it, for something else moves the request on, or run it again. */
export type NextStep = { readonly kind: 'done' } | { readonly kind: 'again'; readonly inMs: number };

export const DONE: NextStep = { kind: 'done' };

export function again(inMs: number): NextStep {
  return { kind: 'again', inMs: Math.max(0, Math.round(inMs)) };
}
