import type { EventType } from '#libs/events';

export const TYPES = [
  'image_request.queued',
  'image_request.submitted',
  'image_request.succeeded',
] as const satisfies readonly EventType[];

/** One event to write: of which request, and which of its three. */
export interface Step {
  readonly request: number;
  readonly nth: 0 | 1 | 2;
}

/**
 * The three events of so many requests, as they come about while many requests are under way: each request's in their
 * order, and between two of them those of `apart` other requests.
 */
export function stepsOf(requests: number, apart: number): readonly Step[] {
  const steps: Step[] = [];
  for (let turn = 0; turn < requests + 2 * apart; turn += 1) {
    for (const nth of [0, 1, 2] as const) {
      const request = turn - nth * apart;
      if (request >= 0 && request < requests) steps.push({ request, nth });
    }
  }
  return steps;
}

/** How many requests have so many events, or a little more. */
export function requestsFor(events: number): number {
  return Math.ceil(events / TYPES.length);
}
