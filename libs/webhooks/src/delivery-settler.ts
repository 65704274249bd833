import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import type { Errand } from './delivery-courier.js';
import { judge, type Verdict } from './delivery-verdict.js';
import type { DueDeliveryStore, JudgedAttempt } from './due-delivery.store.js';
import type { EndpointDisabler } from './endpoint-disabler.js';
import { afterAttempt, type EndpointHealth, isGivenUp, isSame } from './endpoint-health.js';
import type { DisableReason } from './webhook-endpoint.events.js';
import type { EndpointTraffic } from './endpoint-traffic.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { WebhookDelivery } from './webhook-delivery.js';
import type { DispatchState, WebhookDispatchStore } from './webhook-dispatch.store.js';
import type { EndpointKey, WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/** One delivery, what came of bringing it, and the endpoint as it was then. */
export interface Answered {
  readonly delivery: WebhookDelivery;
  readonly endpoint: WebhookEndpoint;
  readonly errand: Errand;
}

/** The same, judged. */
export interface Settled extends Answered {
  readonly verdict: Verdict;
}

/** What is on record now, and what the settling saw of the endpoint. */
export interface Settlement {
  readonly settled: readonly Settled[];
  /** Null when it has switched the endpoint off. */
  readonly seen: EndpointSight | null;
}

/** An endpoint, unless it is deleted, and its dispatch row, as its dispatcher sees them. */
export interface EndpointSight {
  readonly endpoint: WebhookEndpoint | undefined;
  readonly state: DispatchState;
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
  ): Promise<Settlement | undefined> {
    const at = this.clock.now();
    return this.postgres.transaction(async (tx) => {
      // The endpoint ahead of its dispatch row, as everyone locks them: it may be disabled here, and by its tenant.
      const standing = await this.endpoints.findForUpdate(tx, endpoint.tenantId, endpoint.id);
      const held = await this.dispatches.lockHeld(tx, endpoint.id, dispatcher);
      if (held === undefined) return undefined;

      const settled = answered.map((one) => ({ ...one, verdict: this.judge(one, standing, at) }));
      await this.due.settle(tx, settled.map(judgedAttemptOf));
      const telling = settled.filter((one) => tellsOf(standing, one));
      const health = this.healthAfter(held.health, telling);
      if (!isSame(health, held.health)) await this.dispatches.saveHealth(tx, endpoint, health);
      const end = reasonToDisable(telling, health, at);
      if (end !== null) await this.disabler.disable(tx, endpoint, end, at);
      return { settled, seen: end === null ? { endpoint: standing, state: { ...held, health } } : null };
    });
  }

  /**
   * Ends what is pending at an endpoint that was disabled or deleted: a relay that had not seen it yet may have planned some
   * after the rest was ended. Does nothing to one that is enabled by now.
   */
  async endAll(endpoint: EndpointKey): Promise<void> {
    await this.postgres.transaction(async (tx) => {
      const standing = await this.endpoints.findForUpdate(tx, endpoint.tenantId, endpoint.id);
      if (standing === undefined) await this.traffic.halt(tx, endpoint, 'endpoint_deleted');
      else if (standing.status === 'disabled') await this.traffic.halt(tx, endpoint, 'endpoint_disabled');
    });
  }

  /** Nothing is tried again at an endpoint that has ended meanwhile; a 410 of another URL says nothing of this one. */
  private judge({ delivery, errand, endpoint }: Answered, standing: WebhookEndpoint | undefined, at: Date): Verdict {
    const attempts = delivery.attemptsMade - delivery.attemptsBefore + 1;
    const verdict = judge(errand.result, attempts, this.schedule, at);
    if (verdict.kind === 'delivered') return verdict;
    if (standing === undefined) return { kind: 'failed', reason: 'endpoint_deleted' };
    if (standing.status === 'disabled' && verdict.kind === 'retry')
      return { kind: 'failed', reason: 'endpoint_disabled' };
    const isOfBefore =
      verdict.kind === 'failed' && verdict.reason === 'endpoint_gone' && !isAsItWas(standing, endpoint);
    return isOfBefore ? { kind: 'retry', at } : verdict;
  }

  private healthAfter(health: EndpointHealth, telling: readonly Settled[]): EndpointHealth {
    const firstPauseMs = this.schedule.stepsMs[0] ?? FIRST_PAUSE_MS;
    return telling.reduce((before, { verdict, errand }) => {
      const endedAt = new Date(errand.attempt.at.getTime() + errand.attempt.durationMs);
      return afterAttempt(before, verdict.kind === 'delivered', endedAt, firstPauseMs);
    }, health);
  }
}

/**
 * Whether an attempt says something of the endpoint as it stands: not where nothing could be sent, by a fault of ours, and
 * not where it was changed since. Its tenant may just have mended what failed.
 */
function tellsOf(standing: WebhookEndpoint | undefined, { errand, endpoint }: Answered): boolean {
  return errand.fault === null && standing !== undefined && isAsItWas(standing, endpoint);
}

function isAsItWas(standing: WebhookEndpoint, endpoint: WebhookEndpoint): boolean {
  return standing.url === endpoint.url && standing.updatedAt.getTime() === endpoint.updatedAt.getTime();
}

function reasonToDisable(telling: readonly Settled[], health: EndpointHealth, at: Date): DisableReason | null {
  if (telling.some(isGone)) return 'gone';
  return telling.length > 0 && isGivenUp(health, at) ? 'failing' : null;
}

function isGone({ verdict }: Settled): boolean {
  return verdict.kind === 'failed' && verdict.reason === 'endpoint_gone';
}

function judgedAttemptOf({ delivery, errand, verdict }: Settled): JudgedAttempt {
  return { deliveryId: delivery.id, attemptsBefore: delivery.attemptsBefore, attempt: errand.attempt, verdict };
}
