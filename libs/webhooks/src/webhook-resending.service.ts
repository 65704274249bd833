import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import type { EventFeed } from '#libs/events';
import type { DeliveryId, TenantId, WebhookEndpointId } from '#libs/ids';
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

/** What one transaction has set going, and where the next one goes on; null after the last. */
interface SentPage {
  readonly count: number;
  readonly lastSequence: number | null;
}

const PAGE_EVENTS = 1000;
const PAGE_TRIES = 10;
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
      const sequenced = await this.events.findIn(tx, tenantId, [delivery.eventId]);
      await this.deliveries.sendAgain(tx, tenantId, [id], sequenced.size > 0 ? at : null);
      const detail = { deliveryId: id, eventId: delivery.eventId };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.redeliver', endpoint.id, detail), at);
      this.calls.callAfterCommit(tx, [endpoint.id]);
    });
  }

  /**
   * Sends every event that the order names and the endpoint is for, oldest first, page by page: nobody has to wait for all of
   * it, and what a page has set going stays so though a later one fails. Safe to repeat: what is on its way already is not
   * counted again. It is on record before it begins. Throws `NotFound` and `WebhookEndpointDisabled`.
   */
  async replay(caller: Caller, endpointId: WebhookEndpointId, order: ReplayOrder): Promise<Replayed> {
    await this.record(caller, endpointId, order);
    let count = 0;
    for (let afterSequence: number | null = 0; afterSequence !== null;) {
      if (count > DELIVERIES_MAX - PAGE_EVENTS) return { count, more: true };
      const page: SentPage = await this.sendPage(caller.tenantId, endpointId, order, afterSequence);
      count += page.count;
      afterSequence = page.lastSequence;
    }
    return { count, more: false };
  }

  private async record(caller: Caller, endpointId: WebhookEndpointId, { after, only }: ReplayOrder): Promise<void> {
    const at = this.clock.now();
    await this.postgres.asTenant(caller.tenantId, async (tx) => {
      await this.prepare(tx, await this.endpointOf(tx, caller.tenantId, endpointId));
      const detail = { only: only ?? null, after: after?.toISOString() ?? null };
      await this.audit.append(tx, endpointEntry(caller, 'webhook_endpoint.replay', endpointId, detail), at);
    });
  }

  /** An event that is removed for its age between its reading and its planning fails the page, which then reads anew. */
  private async sendPage(
    tenantId: TenantId,
    endpointId: WebhookEndpointId,
    order: ReplayOrder,
    afterSequence: number,
  ): Promise<SentPage> {
    for (let triesLeft = PAGE_TRIES; ; triesLeft -= 1) {
      try {
        return await this.postgres.asTenant(tenantId, async (tx) => {
          const endpoint = await this.endpointOf(tx, tenantId, endpointId);
          await this.prepare(tx, endpoint);
          this.calls.callAfterCommit(tx, [endpointId]);
          return this.sendEach(tx, endpoint, order, afterSequence);
        });
      } catch (error) {
        if (triesLeft === 1 || !isForeignKeyViolation(error, 'webhook_deliveries_event_id_fkey')) throw error;
      }
    }
  }

  private async endpointOf(tx: Tx, tenantId: TenantId, endpointId: WebhookEndpointId): Promise<WebhookEndpoint> {
    const endpoint = await this.endpoints.findForUpdate(tx, tenantId, endpointId);
    if (endpoint === undefined) throw new NotFound('webhook endpoint');
    return endpoint;
  }

  /** Nothing that is sent to it is settled in the meantime. */
  private async prepare(tx: Tx, endpoint: WebhookEndpoint): Promise<void> {
    if (endpoint.status === 'disabled') throw new WebhookEndpointDisabled(endpoint.id);
    await this.dispatches.lock(tx, endpoint);
  }

  private async sendEach(
    tx: Tx,
    endpoint: WebhookEndpoint,
    order: ReplayOrder,
    afterSequence: number,
  ): Promise<SentPage> {
    const { tenantId, eventTypes } = endpoint;
    const at = this.clock.now();
    const events = await this.events.listIn(tx, tenantId, {
      afterSequence,
      limit: PAGE_EVENTS,
      ...(order.after === undefined ? {} : { from: order.after }),
      ...(eventTypes === null ? {} : { types: eventTypes }),
    });
    const wanted = events.filter((event) => isFor(event, endpoint));
    const ids = wanted.map(({ id }) => id);
    const known = await this.deliveries.findOfEvents(tx, endpoint, ids);
    const choices = Map.groupBy(wanted, ({ id }) => replayChoice(order, known.get(id)));
    const planned = (choices.get('plan') ?? []).map((event) => plannedDelivery(endpoint, event, at));
    const again = (choices.get('send_again') ?? []).flatMap(({ id }) => known.get(id)?.id ?? []);
    if (planned.length > 0) await this.deliveries.plan(tx, planned);
    const sentAgain = again.length > 0 ? await this.deliveries.sendAgain(tx, tenantId, again, at) : 0;
    const lastSequence = events.length < PAGE_EVENTS ? null : (events.at(-1)?.sequence ?? null);
    return { count: planned.length + sentAgain, lastSequence };
  }
}
