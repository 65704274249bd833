import { type AuditStore, systemActor } from '#libs/audit';
import type { Outbox } from '#libs/events';
import type { Tx } from '#libs/postgres';
import type { EndpointTraffic } from './endpoint-traffic.js';
import type { EndpointKey, WebhookEndpoint } from './webhook-endpoint.js';
import { type DisableReason, endpointDisabledEvent } from './webhook-endpoint.events.js';
import type { WebhookEndpointStore } from './webhook-endpoint.store.js';

/** Switches endpoints off on the service's own account, and tells the tenant so, by an event and an audit entry. */
export class EndpointDisabler {
  constructor(
    private readonly endpoints: WebhookEndpointStore,
    private readonly traffic: EndpointTraffic,
    private readonly outbox: Outbox,
    private readonly audit: AuditStore,
  ) {}

  /** Does nothing to an endpoint that is switched off or deleted already. */
  async disable(tx: Tx, { tenantId, id }: EndpointKey, reason: DisableReason, at: Date): Promise<void> {
    const endpoint = await this.endpoints.findForUpdate(tx, tenantId, id);
    if (endpoint === undefined || endpoint.status === 'disabled') return;
    const disabled: WebhookEndpoint = { ...endpoint, status: 'disabled', updatedAt: at };
    await this.endpoints.update(tx, disabled);
    await this.traffic.halt(tx, endpoint, 'endpoint_disabled');
    await this.outbox.append(tx, endpointDisabledEvent(disabled, reason), at);
    await this.audit.append(
      tx,
      {
        tenantId,
        accountId: null,
        actor: systemActor('webhook delivery'),
        action: 'webhook_endpoint.update',
        target: { type: 'webhook_endpoint', id },
        outcome: 'success',
        requestId: null,
        upstream: null,
        detail: { changed: ['status'], status: 'disabled', reason },
      },
      at,
    );
  }
}
