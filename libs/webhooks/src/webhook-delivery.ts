import type { EventType } from '#libs/events';
import type { DeliveryId, EventId, TenantId, WebhookEndpointId } from '#libs/ids';

export type DeliveryStatus = 'pending' | 'delivered' | 'failed';

/** Why a delivery failed; with `endpoint_disabled` it may never have been tried. */
export const DELIVERY_FAILURES = ['retries_spent', 'endpoint_gone', 'endpoint_disabled', 'endpoint_deleted'] as const;

export type DeliveryFailure = (typeof DELIVERY_FAILURES)[number];

/** One try to hand over an event, and what came of it. */
export interface DeliveryAttempt {
  readonly at: Date;
  readonly durationMs: number;
  /** Null when no answer came. */
  readonly statusCode: number | null;
  /** Why there was no complete answer; null when there was one, whatever its status. */
  readonly error: string | null;
  /** The first 20 kB, as text. */
  readonly responseBody: string | null;
}

/** One event on its way to one endpoint. */
export interface WebhookDelivery {
  readonly id: DeliveryId;
  readonly tenantId: TenantId;
  readonly endpointId: WebhookEndpointId;
  readonly eventId: EventId;
  readonly eventType: EventType;
  readonly subject: string;
  readonly status: DeliveryStatus;
  readonly failureReason: DeliveryFailure | null;
  readonly attemptsMade: number;
  /** Those of them that were made before it was last sent again: its schedule counts from there. */
  readonly attemptsBefore: number;
  readonly nextAttemptAt: Date | null;
  readonly createdAt: Date;
}

/** As tenants see it: with every attempt, the first one first. */
export interface DeliveryWithAttempts extends WebhookDelivery {
  readonly attempts: readonly DeliveryAttempt[];
}
