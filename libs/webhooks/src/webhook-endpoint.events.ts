import type { NewEvent } from '#libs/events';
import { type EndpointSnapshot, endpointSnapshot, type WebhookEndpoint } from './webhook-endpoint.js';

/** Why the service itself switches an endpoint off: it answered 410, or nothing but failures came of it for days. */
export type DisableReason = 'gone' | 'failing';

/** What `webhook_endpoint.disabled` carries: the endpoint as it is from now on, and why. */
export interface EndpointDisabledData {
  readonly webhookEndpoint: EndpointSnapshot;
  readonly reason: DisableReason;
}

/** What `webhook_endpoint.test` carries: the endpoint that is tested. */
export interface EndpointTestData {
  readonly webhookEndpoint: EndpointSnapshot;
}

export function endpointDisabledEvent(endpoint: WebhookEndpoint, reason: DisableReason): NewEvent {
  const data: EndpointDisabledData = { webhookEndpoint: endpointSnapshot(endpoint), reason };
  return { ...about(endpoint), type: 'webhook_endpoint.disabled', data };
}

export function endpointTestEvent(endpoint: WebhookEndpoint): NewEvent {
  const data: EndpointTestData = { webhookEndpoint: endpointSnapshot(endpoint) };
  return { ...about(endpoint), type: 'webhook_endpoint.test', data };
}

/** An endpoint belongs to the tenant, not to one of its accounts. */
function about({ tenantId, id }: WebhookEndpoint): Pick<NewEvent, 'tenantId' | 'accountId' | 'subject'> {
  return { tenantId, accountId: null, subject: id };
}
