import type { WebhookDelivery } from './webhook-delivery.js';

/** Which events to send again, of those that an endpoint is for. */
export interface ReplayOrder {
  /** Only events from this time on. */
  readonly after?: Date;
  /** `failed`: what was given up. `missing`: what was never tried. */
  readonly only?: 'failed' | 'missing';
}

/** What to do about one event: make a delivery of it, send the one that is there again, or leave it alone. */
export type ReplayChoice = 'plan' | 'send_again' | 'leave';

/**
 * With `only`, that; with a time alone, everything since, for a receiver that has lost what it had; with neither, what it
 * does not have: the failed and the missing. What is pending is on its way anyhow.
 */
export function replayChoice({ after, only }: ReplayOrder, delivery: WebhookDelivery | undefined): ReplayChoice {
  if (delivery === undefined) return only === 'failed' ? 'leave' : 'plan';
  if (delivery.status === 'pending') return 'leave';
  if (delivery.status === 'delivered') return only === undefined && after !== undefined ? 'send_again' : 'leave';
  return only === 'missing' && delivery.attemptsMade > 0 ? 'leave' : 'send_again';
}
