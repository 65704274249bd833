import type { AccountId, EventId, TenantId } from '#libs/ids';

/** Every type of event that the service publishes. */
export const EVENT_TYPES = [
  'image_request.queued',
  'image_request.submitted',
  'image_request.succeeded',
  'image_request.failed',
  'image_request.canceled',
  'webhook_endpoint.disabled',
  'webhook_endpoint.test',
  'account.credential_rejected',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What happened, before it has a place in the tenant's sequence. `data` is a snapshot, taken in the same transaction. */
export interface NewEvent {
  readonly tenantId: TenantId;
  readonly accountId: AccountId | null;
  readonly type: EventType;
  /** The id of the object that it is about; events of one subject stay in order. */
  readonly subject: string;
  readonly data: object;
}

/** An event as it is stored. `sequence` is null until the relay has given it its place. */
export interface StoredEvent extends NewEvent {
  readonly id: EventId;
  readonly position: number;
  readonly createdAt: Date;
  readonly sequence: number | null;
}

/** An event that has its place: the only kind that anyone outside is shown. */
export interface SequencedEvent extends StoredEvent {
  readonly sequence: number;
}

/** A place in a tenant's sequence: right behind that event, or before the first one where `id` is null. */
export interface Place {
  readonly sequence: number;
  readonly id: EventId | null;
}
