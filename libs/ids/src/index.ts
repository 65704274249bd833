export { isId, newId, uuidOf } from './ids.js';
export type {
  AccountId,
  ApiKeyId,
  AttemptId,
  AuditEntryId,
  DeliveryId,
  EventId,
  Id,
  IdPrefix,
  ImageRequestId,
  TenantId,
  WebhookEndpointId,
  WebhookKeyId,
} from './ids.js';
