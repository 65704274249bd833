import type { Clock } from '#libs/clock';
import type { EventSubscriber, SequencedEvent } from '#libs/events';
import { newId, type TenantId } from '#libs/ids';
import type { SystemTx } from '#libs/postgres';
import type { PlannedCalls } from './planned-calls.js';
import type { PlannedDelivery, WebhookDeliveryStore } from './webhook-delivery.store.js';
import { isFor, turnOf, type WebhookEndpoint } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/**
 * Turns each event into one delivery for each endpoint that wants it, in the relay's transaction: an event that has its
 * place has its deliveries. Those to a disabled endpoint are on record as failed, so that they can be sent later.
 */
export class DeliveryPlanner implements EventSubscriber {
  constructor(
    private readonly endpoints: WebhookEndpointStore,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly calls: PlannedCalls,
    private readonly clock: Clock,
  ) {}

  async onSequenced(tx: SystemTx, events: readonly SequencedEvent[]): Promise<void> {
    const tenantIds = [...new Set(events.map(({ tenantId }) => tenantId))];
    const endpoints = Map.groupBy(await this.endpoints.listOf(tx, tenantIds), ({ tenantId }) => tenantId);
    const now = this.clock.now();
    const planned = events.flatMap((event) =>
      endpointsOf(endpoints, event.tenantId)
        .filter((endpoint) => isFor(event, endpoint))
        .map((endpoint) => plannedDelivery(endpoint, event, now)),
    );
    if (planned.length === 0) return;
    await this.deliveries.plan(tx, planned);
    const toSend = planned.filter(({ failureReason }) => failureReason === null);
    if (toSend.length === 0) return;
    await this.deliveries.sendMissedFirst(tx, toSend, now);
    await this.calls.callAfterCommit(tx, [...new Set(toSend.map(({ endpointId }) => endpointId))]);
  }
}

function endpointsOf(
  endpoints: ReadonlyMap<TenantId, readonly WebhookEndpoint[]>,
  tenantId: TenantId,
): readonly WebhookEndpoint[] {
  return endpoints.get(tenantId) ?? [];
}

/** Due at once, or failed where the endpoint is disabled. */
export function plannedDelivery(endpoint: WebhookEndpoint, event: SequencedEvent, now: Date): PlannedDelivery {
  const isDisabled = endpoint.status === 'disabled';
  return {
    id: newId('whd'),
    tenantId: event.tenantId,
    endpointId: endpoint.id,
    eventId: event.id,
    eventType: event.type,
    subject: turnOf(event),
    eventPosition: event.position,
    failureReason: isDisabled ? 'endpoint_disabled' : null,
    nextAttemptAt: isDisabled ? null : now,
    createdAt: now,
  };
}
