import type { DeliveryFailure } from './webhook-delivery.js';
import { parseRetryAfterMs, retryDelayMs, type RetrySchedule } from './retry-schedule.js';
import type { SendResult } from './webhook-sender.js';

/** What an attempt means for its delivery. */
export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly at: Date }
  | { readonly kind: 'failed'; readonly reason: DeliveryFailure };

/**
 * Judges the answer to attempt number `attemptsMade`. Only a complete 2xx is success: half an answer tells nothing of
 * what the receiver did. 410 says that the endpoint is gone for good; anything else may get better.
 */
export function judge(result: SendResult, attemptsMade: number, schedule: RetrySchedule, now: Date): Verdict {
  const { statusCode, error, retryAfter } = result;
  if (statusCode === 410) return { kind: 'failed', reason: 'endpoint_gone' };
  if (statusCode !== null && statusCode >= 200 && statusCode < 300 && error === null) return { kind: 'delivered' };
  const delayMs = retryDelayMs(schedule, attemptsMade, parseRetryAfterMs(retryAfter, now));
  return delayMs === null
    ? { kind: 'failed', reason: 'retries_spent' }
    : { kind: 'retry', at: new Date(now.getTime() + delayMs) };
}
