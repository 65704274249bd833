import type { Log } from '#libs/logging';
import type { Settled } from './delivery-settler.js';

/** One line for each attempt. */
export class DeliveryLog {
  constructor(private readonly log: Log) {}

  /** What a receiver does is `info`; a fault of ours is an `error`, for someone must look into it. */
  writeAttempts(settled: readonly Settled[]): void {
    for (const { delivery, errand, verdict } of settled) {
      const line = {
        event: 'webhook.attempted',
        tenantId: delivery.tenantId,
        endpointId: delivery.endpointId,
        deliveryId: delivery.id,
        eventId: delivery.eventId,
        eventType: delivery.eventType,
        attempt: delivery.attemptsMade + 1,
        outcome: verdict.kind,
        statusCode: errand.attempt.statusCode,
        reason: errand.attempt.error,
        duration_ms: errand.attempt.durationMs,
      };
      if (errand.fault === null) this.log.info(line);
      else this.log.error({ ...line, error: errand.fault });
    }
  }
}
