import type { EventType, SequencedEvent } from '#libs/events';
import type { AccountId, TenantId, WebhookEndpointId } from '#libs/ids';

export type EndpointStatus = 'enabled' | 'disabled';

/**
 * How a delivery may be signed: `v1` by the endpoint's own secret, `v1a` with the key of the service, whose public half
 * everybody may know. In the order of the header.
 */
export const SIGNATURE_SCHEMES = ['v1', 'v1a'] as const;
export type SignatureScheme = (typeof SIGNATURE_SCHEMES)[number];

/** Which events an endpoint is for; null stands for all. */
export interface EventFilter {
  readonly eventTypes: readonly EventType[] | null;
  readonly accountIds: readonly AccountId[] | null;
}

/** Which endpoint, and whose: what every statement about one names. */
export type EndpointKey = Pick<WebhookEndpoint, 'id' | 'tenantId'>;

/** Where a tenant wants its events. Its secret is kept apart from it, so that no view can show it. */
export interface WebhookEndpoint extends EventFilter {
  readonly id: WebhookEndpointId;
  readonly tenantId: TenantId;
  readonly url: string;
  readonly description: string | null;
  readonly status: EndpointStatus;
  /** `v1` is always among them. */
  readonly signatureSchemes: readonly SignatureScheme[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewWebhookEndpoint {
  readonly url: string;
  readonly eventTypes?: readonly EventType[] | null;
  readonly accountIds?: readonly AccountId[] | null;
  readonly description?: string | null;
  readonly signatureSchemes?: readonly SignatureScheme[];
}

/** What is left out stays as it is; null removes a filter or the description. */
export interface EndpointChange extends Partial<NewWebhookEndpoint> {
  readonly status?: EndpointStatus;
}

/** Each scheme once and in its order, however a caller named them. Left out: `v1` alone. */
export function orderedSchemes(named: readonly SignatureScheme[] = ['v1']): readonly SignatureScheme[] {
  return SIGNATURE_SCHEMES.filter((scheme) => scheme === 'v1' || named.includes(scheme));
}

/**
 * Whether `event` is for `endpoint`, enabled or not, both being of one tenant. A test is for the endpoint it is about,
 * whatever its filters. An account filter leaves out events that belong to no account.
 */
export function isFor(event: SequencedEvent, endpoint: WebhookEndpoint): boolean {
  if (event.tenantId !== endpoint.tenantId) return false;
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
  readonly signatureSchemes: readonly SignatureScheme[];
  readonly createdAt: string;
}

export function endpointSnapshot(endpoint: WebhookEndpoint): EndpointSnapshot {
  const { id, url, eventTypes, accountIds, description, status, signatureSchemes } = endpoint;
  const createdAt = endpoint.createdAt.toISOString();
  return { id, url, eventTypes, accountIds, description, status, signatureSchemes, createdAt };
}

/**
 * What a delivery waits its turn by: those of one subject go out one after the other. A test waits for no other test, for it is
 * what one sends when the one before has failed.
 */
export function turnOf({ id, type, subject }: Pick<SequencedEvent, 'id' | 'type' | 'subject'>): string {
  return type === 'webhook_endpoint.test' ? id : subject;
}
