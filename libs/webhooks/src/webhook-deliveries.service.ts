import type { AuditStore } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import type { Outbox } from '#libs/events';
import { newId } from '#libs/ids';
import type { DeliveryId, TenantId, WebhookEndpointId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import type { DeliveryWithAttempts, WebhookDelivery } from './webhook-delivery.js';
import type { DeliveryPage, WebhookDeliveryStore } from './webhook-delivery.store.js';
import { endpointTestEvent } from './webhook-endpoint.events.js';
import { endpointEntry } from './webhook-endpoint.audit.js';
import { turnOf } from './webhook-endpoint.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';
import { WebhookEndpointDisabled } from './webhooks.errors.js';

/** What a tenant sees of its deliveries, and the test that it may ask for. */
export class WebhookDeliveries {
  constructor(
    private readonly postgres: Postgres,
    private readonly endpoints: WebhookEndpointStore,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly outbox: Outbox,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  /** Newest first. Throws `NotFound` for another tenant's endpoint. */
  async list(
    tenantId: TenantId,
    endpointId: WebhookEndpointId,
    page: DeliveryPage,
  ): Promise<readonly DeliveryWithAttempts[]> {
    return this.postgres.asTenant(tenantId, async (tx) => {
      const endpoint = await this.endpoints.find(tx, tenantId, endpointId);
      if (endpoint === undefined) throw new NotFound('webhook endpoint');
      return this.withAttempts(tx, tenantId, await this.deliveries.list(tx, endpoint, page));
    });
  }

  /** Throws `NotFound` for another tenant's delivery. */
  async get(tenantId: TenantId, id: DeliveryId): Promise<DeliveryWithAttempts> {
    return this.postgres.asTenant(tenantId, async (tx) => {
      const delivery = await this.deliveries.find(tx, tenantId, id);
      if (delivery === undefined) throw new NotFound('webhook delivery');
      const [seen] = await this.withAttempts(tx, tenantId, [delivery]);
      return seen ?? { ...delivery, attempts: [] };
    });
  }

  /**
   * Sends a `webhook_endpoint.test` to this endpoint alone, whatever its filters. The delivery is there at once, so that
   * its id can be given; it becomes due when the relay has numbered its event.
   */
  async testEndpoint(caller: Caller, endpointId: WebhookEndpointId): Promise<DeliveryId> {
    const { tenantId } = caller;
    const at = this.clock.now();
    return this.postgres.asTenant(tenantId, async (tx) => {
      const endpoint = await this.endpoints.findForUpdate(tx, tenantId, endpointId);
      if (endpoint === undefined) throw new NotFound('webhook endpoint');
      if (endpoint.status === 'disabled') throw new WebhookEndpointDisabled(endpointId);

      const type = 'webhook_endpoint.test';
      const event = await this.outbox.append(tx, endpointTestEvent(endpoint), at);
      const id = newId('whd');
      await this.deliveries.plan(tx, [
        {
          id,
          tenantId,
          endpointId,
          eventId: event.id,
          eventType: type,
          subject: turnOf({ id: event.id, type, subject: endpointId }),
          eventPosition: event.position,
          failureReason: null,
          nextAttemptAt: null,
          createdAt: at,
        },
      ]);
      await this.audit.append(tx, endpointEntry(caller, type, endpointId, { deliveryId: id }), at);
      return id;
    });
  }

  private async withAttempts(
    tx: Tx,
    tenantId: TenantId,
    deliveries: readonly WebhookDelivery[],
  ): Promise<readonly DeliveryWithAttempts[]> {
    const ids = deliveries.map(({ id }) => id);
    const attempts = await this.deliveries.listAttempts(tx, tenantId, ids);
    return deliveries.map((delivery) => ({ ...delivery, attempts: attempts.get(delivery.id) ?? [] }));
  }
}
