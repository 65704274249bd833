import type { Clock } from '#libs/clock';
import type { DeliveryId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { DeliveryCourier } from './delivery-courier.js';
import type { DeliverySettler } from './delivery-settler.js';
import { judge } from './delivery-verdict.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { AttemptOutcome, DeliveryAttempt } from './webhook-delivery.js';
import type { DeliveryLease, WebhookDeliveryStore } from './webhook-delivery.store.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

export interface AttemptSettings {
  readonly schedule: RetrySchedule;
  /** The longest that one attempt can take; the lease outlasts it by far, for clocks differ and databases pause. */
  readonly timeoutMs: number;
}

const LEASE_MARGIN_MS = 30_000;

/** Brings events to their endpoints, at least once each and those of one subject in their order. */
export class Deliveries {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: WebhookDeliveryStore,
    private readonly endpoints: WebhookEndpointStore,
    private readonly courier: DeliveryCourier,
    private readonly settler: DeliverySettler,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly settings: AttemptSettings,
  ) {}

  /**
   * Makes the one attempt that is due, if one is; safe to ask for any number of times and from anywhere at once. A worker
   * that dies in the middle leaves an attempt that nobody knows of, and the delivery to whoever asks after its lease.
   */
  async attempt(id: DeliveryId): Promise<AttemptOutcome> {
    const now = this.clock.now();
    const until = new Date(now.getTime() + this.settings.timeoutMs + LEASE_MARGIN_MS);
    const lease = await this.claim(id, now, until);
    if (lease === undefined) return this.whyNotClaimed(id, now);

    const { tenantId, endpointId } = lease.delivery;
    const endpoint = await this.endpoints.find(this.postgres.db, tenantId, endpointId);
    if (endpoint === undefined) return this.settler.abandon(lease, 'endpoint_deleted', now);
    if (endpoint.status === 'disabled') return this.settler.abandon(lease, 'endpoint_disabled', now);

    const { result, attempt, fault } = await this.courier.carry(lease.delivery, endpoint);
    const answeredAt = this.clock.now();
    const verdict = judge(result, lease.delivery.attemptsMade + 1, this.settings.schedule, answeredAt);
    const outcome = await this.settler.settle(lease, endpoint, attempt, verdict, answeredAt);
    this.logAttempt(lease, attempt, outcome, fault);
    return outcome;
  }

  private async claim(id: DeliveryId, now: Date, until: Date): Promise<DeliveryLease | undefined> {
    return this.postgres.transaction(async (tx) => {
      await this.store.lockEndpoint(tx, id);
      return this.store.claim(tx, id, now, until);
    });
  }

  private async whyNotClaimed(id: DeliveryId, now: Date): Promise<AttemptOutcome> {
    const delivery = await this.store.findOfAny(this.postgres.db, id);
    if (delivery === undefined || delivery.status !== 'pending') return { kind: 'gone' };
    const { nextAttemptAt } = delivery;
    return nextAttemptAt !== null && nextAttemptAt > now ? { kind: 'retry', at: nextAttemptAt } : { kind: 'not_due' };
  }

  /** What a receiver does is `info`; a fault of ours is an `error`, for someone must look into it. */
  private logAttempt(
    { delivery }: DeliveryLease,
    attempt: DeliveryAttempt,
    outcome: AttemptOutcome,
    fault: Error | null,
  ): void {
    const line = {
      event: 'webhook.attempted',
      tenantId: delivery.tenantId,
      endpointId: delivery.endpointId,
      deliveryId: delivery.id,
      eventId: delivery.eventId,
      eventType: delivery.eventType,
      attempt: delivery.attemptsMade + 1,
      outcome: outcome.kind,
      statusCode: attempt.statusCode,
      reason: attempt.error,
      duration_ms: attempt.durationMs,
    };
    if (fault === null) this.log.info(line);
    else this.log.error({ ...line, error: fault });
  }
}
