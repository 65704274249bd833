export { assembleDeliverySide, assembleTenantSide } from './assemble-webhooks.js';
export type {
  DeliverySideParts,
  TenantSideParts,
  WebhookAddressSettings,
  WebhookDeliverySettings,
} from './assemble-webhooks.js';
export { Deliveries } from './deliveries.service.js';
export { DueDeliveries } from './due-deliveries.js';
export { WebhookDeliveries } from './webhook-deliveries.service.js';
export type {
  AttemptOutcome,
  DeliveryAttempt,
  DeliveryFailure,
  DeliveryStatus,
  DeliveryWithAttempts,
  WebhookDelivery,
} from './webhook-delivery.js';
export type { DeliveryPage } from './webhook-delivery.store.js';
export type { EndpointChange, EndpointStatus, NewWebhookEndpoint, WebhookEndpoint } from './webhook-endpoint.js';
export type { EndpointPage } from './webhook-endpoint.store.js';
export { WebhookEndpoints } from './webhook-endpoints.service.js';
export { WebhookSender } from './webhook-sender.js';
