import type { EventType, SequencedEvent } from '#libs/events';
import type { AccountId, TenantId, WebhookEndpointId } from '#libs/ids';

export type EndpointStatus = 'enabled' | 'disabled';

/** Which events an endpoint is for; null stands for all. */
export interface EventFilter {
  readonly eventTypes: readonly EventType[] | null;
  readonly accountIds: readonly AccountId[] | null;
}

/** Where a tenant wants its events. Its secret is kept apart from it, so that no view can show it. */
export interface WebhookEndpoint extends EventFilter {
  readonly id: WebhookEndpointId;
  readonly tenantId: TenantId;
  readonly url: string;
  readonly description: string | null;
  readonly status: EndpointStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewWebhookEndpoint {
  readonly url: string;
  readonly eventTypes?: readonly EventType[] | null;
  readonly accountIds?: readonly AccountId[] | null;
  readonly description?: string | null;
}

/** What is left out stays as it is; null removes a filter or the description. */
export interface EndpointChange extends Partial<NewWebhookEndpoint> {
  readonly status?: EndpointStatus;
}

/**
 * Whether `event` goes to `endpoint`, both being of one tenant. A test goes to the endpoint it is about, whatever its
 * filters. An account filter leaves out events that belong to no account.
 */
export function wantsEvent(endpoint: WebhookEndpoint, event: SequencedEvent): boolean {
  if (event.tenantId !== endpoint.tenantId || endpoint.status !== 'enabled') return false;
  if (event.type === 'webhook_endpoint.test') return event.subject === endpoint.id;
  if (endpoint.eventTypes !== null && !endpoint.eventTypes.includes(event.type)) return false;
  return endpoint.accountIds === null || (event.accountId !== null && endpoint.accountIds.includes(event.accountId));
}

/** The endpoint as events show it; there is no secret in it. Times are RFC 3339 in UTC with milliseconds. */
export interface EndpointSnapshot {
  readonly id: string;
  readonly url: string;
  readonly eventTypes: readonly EventType[] | null;
  readonly accountIds: readonly string[] | null;
  readonly description: string | null;
  readonly status: EndpointStatus;
  readonly createdAt: string;
}

export function endpointSnapshot(endpoint: WebhookEndpoint): EndpointSnapshot {
  const { id, url, eventTypes, accountIds, description, status } = endpoint;
  return { id, url, eventTypes, accountIds, description, status, createdAt: endpoint.createdAt.toISOString() };
}
