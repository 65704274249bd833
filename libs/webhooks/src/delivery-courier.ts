import { performance } from 'node:perf_hooks';
import type { Clock } from '#libs/clock';
import { cloudEvent, type EventFeed } from '#libs/events';
import type { Postgres } from '#libs/postgres';
import type { EndpointSecrets } from './endpoint-secrets.js';
import { signatureHeaders } from './signature.js';
import type { DeliveryAttempt, WebhookDelivery } from './webhook-delivery.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';
import type { SendResult, WebhookSender } from './webhook-sender.js';

/** What came back, and the record of it. */
export interface Errand {
  readonly result: SendResult;
  readonly attempt: DeliveryAttempt;
}

/** Signs one delivery's event and posts it, once. */
export class DeliveryCourier {
  constructor(
    private readonly postgres: Postgres,
    private readonly events: EventFeed,
    private readonly secrets: EndpointSecrets,
    private readonly sender: WebhookSender,
    private readonly clock: Clock,
  ) {}

  /** The id and the body are the same each time; time and signature are of the moment, as receivers want them. */
  async carry(delivery: WebhookDelivery, endpoint: WebhookEndpoint): Promise<Errand> {
    const event = await this.events.get(delivery.tenantId, delivery.eventId);
    const secrets = await this.secrets.open(this.postgres.db, endpoint);
    const body = JSON.stringify(cloudEvent(event));
    const at = this.clock.now();
    const headers = {
      'content-type': 'application/cloudevents+json',
      'user-agent': 'cvm-image-service-webhooks',
      ...signatureHeaders({ id: event.id, at, body }, secrets),
    };
    const startedMs = performance.now();
    const result = await this.sender.post(endpoint.url, headers, body);
    const { statusCode, error, responseBody } = result;
    const durationMs = Math.round(performance.now() - startedMs);
    return { result, attempt: { at, durationMs, statusCode, error, responseBody } };
  }
}
