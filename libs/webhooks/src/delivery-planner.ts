import type { Clock } from '#libs/clock';
import type { EventSubscriber, SequencedEvent } from '#libs/events';
import { newId } from '#libs/ids';
import type { TenantId } from '#libs/ids';
import type { SystemTx } from '#libs/postgres';
import type { DeliveryQueue } from './delivery-queue.js';
import type { PlannedDelivery, WebhookDeliveryStore } from './webhook-delivery.store.js';
import { wantsEvent, type WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/**
 * Turns each event into one delivery for each endpoint that wants it, in the relay's transaction: an event that has its
 * place has its deliveries. A disabled endpoint gets none; the events themselves are kept.
 */
export class DeliveryPlanner implements EventSubscriber {
  constructor(
    private readonly endpoints: WebhookEndpointStore,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly queue: DeliveryQueue,
    private readonly clock: Clock,
  ) {}

  async onSequenced(tx: SystemTx, events: readonly SequencedEvent[]): Promise<void> {
    const tenantIds = [...new Set(events.map(({ tenantId }) => tenantId))];
    const endpoints = Map.groupBy(await this.endpoints.listEnabled(tx, tenantIds), ({ tenantId }) => tenantId);
    const now = this.clock.now();
    const planned = events.flatMap((event) =>
      endpointsOf(endpoints, event.tenantId)
        .filter((endpoint) => wantsEvent(endpoint, event))
        .map((endpoint) => planDelivery(endpoint, event, now)),
    );
    if (planned.length === 0) return;
    this.queue.enqueueAfterCommit(tx, await this.deliveries.plan(tx, planned));
  }
}

function endpointsOf(
  endpoints: ReadonlyMap<TenantId, readonly WebhookEndpoint[]>,
  tenantId: TenantId,
): readonly WebhookEndpoint[] {
  return endpoints.get(tenantId) ?? [];
}

function planDelivery(endpoint: WebhookEndpoint, event: SequencedEvent, now: Date): PlannedDelivery {
  return {
    id: newId('whd'),
    tenantId: event.tenantId,
    endpointId: endpoint.id,
    eventId: event.id,
    eventType: event.type,
    subject: event.subject,
    eventPosition: event.position,
    nextAttemptAt: now,
    createdAt: now,
  };
}
