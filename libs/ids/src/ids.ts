import { TypeID, typeid } from 'typeid-js';

declare const kind: unique symbol;

/** A TypeID: a prefix that tells its kind, and a UUIDv7, so ids sort by the time they were made. */
export type Id<Prefix extends string> = string & { readonly [kind]: Prefix };

export type TenantId = Id<'ten'>;
export type ApiKeyId = Id<'key'>;
export type AccountId = Id<'acc'>;
export type ImageRequestId = Id<'ireq'>;
export type AttemptId = Id<'att'>;
export type EventId = Id<'evt'>;
export type WebhookEndpointId = Id<'whe'>;
export type DeliveryId = Id<'whd'>;
export type WebhookKeyId = Id<'whk'>;
export type AuditEntryId = Id<'aud'>;

export type IdPrefix = 'ten' | 'key' | 'acc' | 'ireq' | 'att' | 'evt' | 'whe' | 'whd' | 'whk' | 'aud';

export function newId<Prefix extends IdPrefix>(prefix: Prefix): Id<Prefix> {
  return typeid(prefix).toString() as string as Id<Prefix>;
}

/** True only for a well-formed TypeID of that kind; a look-up by anything else cannot find a row and need not be made. */
export function isId<Prefix extends IdPrefix>(prefix: Prefix, value: unknown): value is Id<Prefix> {
  if (typeof value !== 'string') return false;
  try {
    return TypeID.fromString(value).getType() === prefix;
  } catch {
    return false;
  }
}

/** The UUID inside an id, for those who want that form, such as the cloud's trace id. */
export function uuidOf(id: Id<IdPrefix>): string {
  return TypeID.fromString(id).toUUID();
}
