import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import type { EventFeed, SequencedEvent } from '#libs/events';
import type { DeliveryId, WebhookEndpointId } from '#libs/ids';
import { isForeignKeyViolation, type Postgres, type Tx } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import { plannedDelivery } from './delivery-planner.js';
import type { EndpointCalls } from './endpoint-calls.js';
import { replayChoice, type ReplayOrder } from './delivery-replay.js';
import type { WebhookDeliveryStore } from './webhook-delivery.store.js';
import type { WebhookDispatchStore } from './webhook-dispatch.store.js';
import { isFor, type WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';
import { endpointEntry } from './webhook-endpoint.audit.js';
import { WebhookEndpointDeleted, WebhookEndpointDisabled } from './webhooks.errors.js';

/** How much a replay has set going. */
export interface Replayed {
  readonly count: number;
  /** True when it stopped at the most that one call sets going. Another goes on; with a time alone, from a later one. */
  readonly more: boolean;
}

const PAGE_EVENTS = 1000;
/** What one call sets going at most: enough for days of a busy tenant, and over within the patience of a client. */
const DELIVERIES_MAX = 100_000;

/** Sends to endpoints what they were sent before, or should have been. Receivers know it by the event's id. */
export class WebhookResending {
  constructor(
    private readonly postgres: Postgres,
    private readonly endpoints: WebhookEndpointStore,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly dispatches: WebhookDispatchStore,
    private readonly events: EventFeed,
    private readonly calls: EndpointCalls,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /**
   * Sends one delivery now, whatever it has come to; its schedule begins anew and its attempts stay on record. Throws
   * `NotFound`, `WebhookEndpointDisabled` and `WebhookEndpointDeleted`.
   */
  async redeliver(caller: Caller, id: DeliveryId): Promise<void> {
    const { tenantId } = caller;
    const at = this.clock.now();
    await this.postgres.asTenant(tenantId, async (tx) => {
      const delivery = await this.deliveries.find(tx, tenantId, id);
      if (delivery === undefined) throw new NotFound('webhook delivery');
      const endpoint = await this.endpoints.findForUpdate(tx, tenantId, delivery.endpointId);
      if (endpoint === undefined) throw new WebhookEndpointDeleted(delivery.endpointId);
      await this.prepare(tx, endpoint);
      await this.deliveries.sendAgain(tx, tenantId, [id], at);
      const detail = { deliveryId: id, eventId: delivery.eventId };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.redeliver', endpoint.id, detail), at);
      this.calls.callAfterCommit(tx, [endpoint.id]);
    });
  }

  /**
   * Sends every event that the order names and the endpoint is for, oldest first, all or none of them. Safe to repeat: what
   * is on its way already is not counted again. Throws `NotFound` and `WebhookEndpointDisabled`.
   */
  async replay(caller: Caller, endpointId: WebhookEndpointId, order: ReplayOrder): Promise<Replayed> {
    try {
      return await this.replayOnce(caller, endpointId, order);
    } catch (error) {
      // An event that had been kept long enough was removed after it was read: it is not read again.
      if (!isForeignKeyViolation(error, 'webhook_deliveries_event_id_fkey')) throw error;
      return this.replayOnce(caller, endpointId, order);
    }
  }

  private async replayOnce(caller: Caller, endpointId: WebhookEndpointId, order: ReplayOrder): Promise<Replayed> {
    const { tenantId } = caller;
    const at = this.clock.now();
    return this.postgres.asTenant(tenantId, async (tx) => {
      const endpoint = await this.endpoints.findForUpdate(tx, tenantId, endpointId);
      if (endpoint === undefined) throw new NotFound('webhook endpoint');
      await this.prepare(tx, endpoint);
      const replayed = await this.sendEach(tx, endpoint, order, at);
      const detail = { ...replayed, only: order.only ?? null, after: order.after?.toISOString() ?? null };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.replay', endpointId, detail), at);
      this.calls.callAfterCommit(tx, [endpointId]);
      return replayed;
    });
  }

  /** Nothing that is sent to it is settled in the meantime. */
  private async prepare(tx: Tx, endpoint: WebhookEndpoint): Promise<void> {
    if (endpoint.status === 'disabled') throw new WebhookEndpointDisabled(endpoint.id);
    await this.dispatches.lock(tx, endpoint);
  }

  private async sendEach(tx: Tx, endpoint: WebhookEndpoint, order: ReplayOrder, at: Date): Promise<Replayed> {
    const { tenantId, eventTypes } = endpoint;
    let count = 0;
    let afterSequence = 0;
    for (;;) {
      const events = await this.events.listIn(tx, tenantId, {
        afterSequence,
        limit: PAGE_EVENTS,
        ...(order.after === undefined ? {} : { from: order.after }),
        ...(eventTypes === null ? {} : { types: eventTypes }),
      });
      count += await this.sendPage(tx, endpoint, order, events, at);
      const last = events.at(-1);
      if (last === undefined || events.length < PAGE_EVENTS) return { count, more: false };
      if (count > DELIVERIES_MAX - PAGE_EVENTS) return { count, more: true };
      afterSequence = last.sequence;
    }
  }

  private async sendPage(
    tx: Tx,
    endpoint: WebhookEndpoint,
    order: ReplayOrder,
    events: readonly SequencedEvent[],
    at: Date,
  ): Promise<number> {
    const wanted = events.filter((event) => isFor(event, endpoint));
    const known = await this.deliveries.findOfEvents(
      tx,
      endpoint,
      wanted.map(({ id }) => id),
    );
    const choices = Map.groupBy(wanted, ({ id }) => replayChoice(order, known.get(id)));
    const missing = choices.get('plan') ?? [];
    const again = (choices.get('send_again') ?? []).flatMap(({ id }) => known.get(id)?.id ?? []);
    const planned = missing.map((event) => plannedDelivery(endpoint, event, at));
    if (planned.length > 0) await this.deliveries.plan(tx, planned);
    if (again.length > 0) await this.deliveries.sendAgain(tx, endpoint.tenantId, again, at);
    return planned.length + again.length;
  }
}
