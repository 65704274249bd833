import type { Clock } from '#libs/clock';
import type { EventFeed } from '#libs/events';
import type { DeliveryId, WebhookEndpointId } from '#libs/ids';
import type { SystemPostgres } from '#libs/postgres';
import type { DeliveryCourier } from './delivery-courier.js';
import type { DeliveryLog } from './delivery-log.js';
import type { Answered, DeliverySettler, EndpointSight, Settlement } from './delivery-settler.js';
import type { DispatchLeases } from './dispatch-leases.js';
import type { DueDeliveryStore } from './due-delivery.store.js';
import { ATTEMPTS_AT_ONCE_MAX, placesOf } from './endpoint-health.js';
import type { EndpointSigner } from './endpoint-signer.js';
import type { WebhookDelivery } from './webhook-delivery.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';
import type { DispatchState } from './webhook-dispatch.store.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/** What every dispatch of a process works with. */
export interface DispatchParts {
  readonly postgres: SystemPostgres;
  readonly leases: DispatchLeases;
  readonly endpoints: WebhookEndpointStore;
  readonly due: DueDeliveryStore;
  readonly events: EventFeed;
  readonly signer: EndpointSigner;
  readonly courier: DeliveryCourier;
  readonly settler: DeliverySettler;
  readonly log: DeliveryLog;
  readonly clock: Clock;
}

/** How a dispatch ended. */
export type DispatchEnd =
  /** Nothing is due now. At `nextAt`, if there is one, something will be. */
  | { readonly kind: 'drained'; readonly nextAt: Date | null }
  /** Its time was over; more may be due. */
  | { readonly kind: 'interrupted' }
  /** Another process has the endpoint now. */
  | { readonly kind: 'lost' };

/** How soon a call that was lost on its way is made up for while attempts hang. */
const LOOK_AGAIN_MS = 1000;

/** One process' sending to one endpoint, from having its lease to giving it back. */
export class Dispatch {
  private readonly underWay = new Map<DeliveryId, Promise<void>>();
  private answered: Answered[] = [];
  private failure: Error | null = null;
  private nudged = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly endpointId: WebhookEndpointId,
    private readonly parts: DispatchParts,
    /** Asked between attempts: whether to leave the rest to others. */
    private readonly mustStop: () => boolean,
  ) {}

  /** There may be something new to send, or a reason to stop. */
  nudge(): void {
    this.nudged = true;
    this.wake();
  }

  /** True when it was nudged since its last look at what is due. */
  get isNudged(): boolean {
    return this.nudged;
  }

  /** Resolves when nothing is under way any more and the lease is given back, also when it fails. */
  async run(): Promise<DispatchEnd> {
    try {
      return await this.sendWhatIsDue();
    } catch (error) {
      await Promise.all(this.underWay.values());
      // The first error is the one to tell of; the lease runs out by itself.
      await this.parts.leases.letGo(this.endpointId).catch(() => undefined);
      throw error;
    }
  }

  private async sendWhatIsDue(): Promise<DispatchEnd> {
    for (;;) {
      const end = this.mustStop() ? await this.interrupt() : await this.step();
      if (end !== null) return end;
      if (this.answered.length === 0) await this.waitForChange();
    }
  }

  /** Writes down what has come of attempts, and begins others in their places. */
  private async step(): Promise<DispatchEnd | null> {
    // Also where there is no place for what it was nudged for: the next place that comes free is a reason to look.
    this.nudged = false;
    const settlement = await this.settle();
    if (settlement === 'lost') return this.leaveLost();
    if (this.underWay.size >= ATTEMPTS_AT_ONCE_MAX) return null;
    // What settling has seen a moment ago need not be looked up again.
    const sight = settlement?.seen ?? (await this.look());
    if (sight === undefined) return this.leaveLost();
    await this.begin(sight);
    return this.underWay.size === 0 && this.answered.length === 0 ? this.releaseIfIdle(sight.state) : null;
  }

  /** Undefined when the endpoint is no longer this process'. */
  private async look(): Promise<EndpointSight | undefined> {
    const { postgres, leases, endpoints } = this.parts;
    const state = await leases.look(this.endpointId);
    return state && { state, endpoint: await endpoints.find(postgres.db, state.tenantId, this.endpointId) };
  }

  /** Begins as many attempts as may be. */
  private async begin({ endpoint, state: { tenantId, health } }: EndpointSight): Promise<void> {
    const { postgres, settler, due, clock } = this.parts;
    if (endpoint === undefined || endpoint.status === 'disabled')
      return settler.endAll({ tenantId, id: this.endpointId });
    const now = clock.now();
    // What was answered meanwhile stands as due until it is settled, and `health` does not know of it.
    const except = [...this.underWay.keys(), ...this.answered.map(({ delivery }) => delivery.id)];
    const limit = placesOf(health, now) - except.length;
    if (limit <= 0) return;
    await this.beginEach(endpoint, await due.list(postgres.db, this.endpointId, now, { except, limit }));
  }

  private async beginEach(endpoint: WebhookEndpoint, deliveries: readonly WebhookDelivery[]): Promise<void> {
    if (deliveries.length === 0) return;
    const { postgres, signer, events, courier, clock } = this.parts;
    const ids = deliveries.map(({ eventId }) => eventId);
    const found = await events.findIn(postgres.db, endpoint.tenantId, ids);
    const opened = await signer.open(endpoint, clock.now());
    for (const delivery of deliveries) {
      const event = found.get(delivery.eventId);
      if (event === undefined) throw new Error(`${delivery.id} is about an event that is gone: ${delivery.eventId}`);
      const attempt = courier
        .carry(event, endpoint.url, opened)
        .then((errand) => void this.answered.push({ delivery, endpoint, errand }))
        .catch((cause: unknown) => (this.failure = new Error(`${delivery.id} was not sent`, { cause })))
        .then(() => {
          this.underWay.delete(delivery.id);
          this.wake();
        });
      this.underWay.set(delivery.id, attempt);
    }
  }

  /** Gives the lease back, unless something has become due or somebody has come with work in the meantime. */
  private async releaseIfIdle({ health, wakes }: DispatchState): Promise<DispatchEnd | null> {
    const { postgres, leases, due, clock } = this.parts;
    const now = clock.now();
    const isOpen = placesOf(health, now) === 0;
    const nextAt = isOpen ? health.openUntil : ((await due.findNextTime(postgres.db, this.endpointId)) ?? null);
    const isDue = nextAt !== null && nextAt <= now;
    if (!isDue && (await leases.release(this.endpointId, wakes))) return { kind: 'drained', nextAt };
    this.nudged = true;
    return null;
  }

  private async interrupt(): Promise<DispatchEnd> {
    await Promise.all(this.underWay.values());
    if ((await this.settle()) === 'lost') return this.leaveLost();
    await this.parts.leases.letGo(this.endpointId);
    return { kind: 'interrupted' };
  }

  /** What is under way ends, and counts for nothing: whoever has the endpoint now sends it again. */
  private async leaveLost(): Promise<DispatchEnd> {
    await Promise.all(this.underWay.values());
    await this.parts.leases.letGo(this.endpointId);
    return { kind: 'lost' };
  }

  /** Null when there is nothing to settle; `lost` when the endpoint is no longer this process'. */
  private async settle(): Promise<Settlement | 'lost' | null> {
    if (this.failure !== null) throw this.failure;
    const answered = this.answered;
    const [first] = answered;
    if (first === undefined) return null;
    this.answered = [];
    const { settler, leases, log } = this.parts;
    const key = { id: this.endpointId, tenantId: first.delivery.tenantId };
    const settlement = await settler.settle(key, leases.dispatcher, answered);
    if (settlement === undefined) return 'lost';
    log.writeAttempts(settlement.settled);
    return settlement;
  }

  /** Resolves when an attempt has ended or somebody has nudged, and soon in any case. */
  private async waitForChange(): Promise<void> {
    if (this.nudged) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LOOK_AGAIN_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
