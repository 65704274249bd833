import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import type { Errand } from './delivery-courier.js';
import { judge, type Verdict } from './delivery-verdict.js';
import type { DueDeliveryStore, JudgedAttempt } from './due-delivery.store.js';
import type { EndpointDisabler } from './endpoint-disabler.js';
import { afterAttempt, type EndpointHealth, isGivenUp, isSame } from './endpoint-health.js';
import type { EndpointTraffic } from './endpoint-traffic.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { WebhookDelivery } from './webhook-delivery.js';
import type { WebhookDispatchStore } from './webhook-dispatch.store.js';
import type { EndpointKey, WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/** One delivery, and what came of bringing it. */
export interface Answered {
  readonly delivery: WebhookDelivery;
  readonly errand: Errand;
}

/** The same, judged. */
export interface Settled extends Answered {
  readonly verdict: Verdict;
}

/** Where the breaker begins when the schedule has no step at all. */
const FIRST_PAUSE_MS = 5000;

/** Writes down what came of attempts, and what follows for their endpoint. */
export class DeliverySettler {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly endpoints: WebhookEndpointStore,
    private readonly dispatches: WebhookDispatchStore,
    private readonly traffic: EndpointTraffic,
    private readonly due: DueDeliveryStore,
    private readonly disabler: EndpointDisabler,
    private readonly schedule: RetrySchedule,
    private readonly clock: Clock,
  ) {}

  /**
   * The attempts, their outcomes, the endpoint's health and its end, if that is what they mean, commit together.
   * Undefined, and nothing is changed, when `dispatcher` has lost the endpoint: then whoever has it sends again.
   */
  async settle(
    endpoint: EndpointKey,
    dispatcher: string,
    answered: readonly Answered[],
  ): Promise<readonly Settled[] | undefined> {
    const at = this.clock.now();
    return this.postgres.transaction(async (tx) => {
      // The endpoint ahead of its dispatch row, as everyone locks them: it may be disabled here, and by its tenant.
      const standing = await this.endpoints.findForUpdate(tx, endpoint.tenantId, endpoint.id);
      const held = await this.dispatches.lockHeld(tx, endpoint.id, dispatcher);
      if (held === undefined) return undefined;

      const settled = answered.map((one) => ({ ...one, verdict: endedWith(standing, this.judge(one, at)) }));
      await this.due.settle(tx, settled.map(judgedAttemptOf));
      const health = this.healthAfter(held.health, settled);
      if (!isSame(health, held.health)) await this.dispatches.saveHealth(tx, endpoint, health);
      if (settled.some(isGone)) await this.disabler.disable(tx, endpoint, 'gone', at);
      else if (isGivenUp(health, at)) await this.disabler.disable(tx, endpoint, 'failing', at);
      return settled;
    });
  }

  /**
   * Ends what is pending at an endpoint that was disabled or deleted: a relay that had not seen it yet may have planned some
   * after the rest was ended.
   */
  async endAll(endpoint: EndpointKey, standing: WebhookEndpoint | undefined): Promise<void> {
    const reason = standing === undefined ? 'endpoint_deleted' : 'endpoint_disabled';
    await this.postgres.transaction((tx) => this.traffic.halt(tx, endpoint, reason));
  }

  private judge({ delivery, errand }: Answered, at: Date): Verdict {
    return judge(errand.result, delivery.attemptsMade - delivery.attemptsBefore + 1, this.schedule, at);
  }

  /** What could not be sent, by a fault of ours, says nothing of the endpoint. */
  private healthAfter(health: EndpointHealth, settled: readonly Settled[]): EndpointHealth {
    const firstPauseMs = this.schedule.stepsMs[0] ?? FIRST_PAUSE_MS;
    return settled
      .filter(({ errand }) => errand.fault === null)
      .reduce((before, { verdict, errand }) => {
        const endedAt = new Date(errand.attempt.at.getTime() + errand.attempt.durationMs);
        return afterAttempt(before, verdict.kind === 'delivered', endedAt, firstPauseMs);
      }, health);
  }
}

/** Nothing is tried again at an endpoint that has ended meanwhile. */
function endedWith(standing: WebhookEndpoint | undefined, verdict: Verdict): Verdict {
  if (verdict.kind !== 'retry') return verdict;
  if (standing === undefined) return { kind: 'failed', reason: 'endpoint_deleted' };
  return standing.status === 'disabled' ? { kind: 'failed', reason: 'endpoint_disabled' } : verdict;
}

function isGone({ verdict }: Settled): boolean {
  return verdict.kind === 'failed' && verdict.reason === 'endpoint_gone';
}

function judgedAttemptOf({ delivery, errand, verdict }: Settled): JudgedAttempt {
  return { deliveryId: delivery.id, attempt: errand.attempt, verdict };
}
