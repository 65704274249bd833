import type { Tx } from '#libs/postgres';
import type { EndpointCalls } from './endpoint-calls.js';
import { HEALTHY } from './endpoint-health.js';
import type { DeliveryFailure } from './webhook-delivery.js';
import type { WebhookDeliveryStore } from './webhook-delivery.store.js';
import type { WebhookDispatchStore } from './webhook-dispatch.store.js';
import type { EndpointKey } from './webhook-endpoint.js';

/** What is on its way to an endpoint, as the endpoint begins, ends and begins anew. The caller has locked the endpoint. */
export class EndpointTraffic {
  constructor(
    private readonly deliveries: WebhookDeliveryStore,
    private readonly dispatches: WebhookDispatchStore,
    private readonly calls: EndpointCalls,
  ) {}

  /** Once for each endpoint: without it nothing is ever sent there. */
  async open(tx: Tx, endpoint: EndpointKey): Promise<void> {
    await this.dispatches.insert(tx, endpoint);
  }

  /** Ends what is pending; an attempt that is under way still counts if it succeeds. Safe to repeat. */
  async halt(tx: Tx, endpoint: EndpointKey, reason: DeliveryFailure): Promise<void> {
    await this.dispatches.lock(tx, endpoint);
    await this.deliveries.failPending(tx, endpoint, reason);
  }

  /** Forgets how the endpoint has answered so far, for it is to be another one now, and goes on at once. */
  async resume(tx: Tx, endpoint: EndpointKey): Promise<void> {
    await this.dispatches.saveHealth(tx, endpoint, HEALTHY);
    this.calls.callAfterCommit(tx, [endpoint.id]);
  }
}
