export { assembleDeliverySide, assembleTenantSide } from './assemble-webhooks.js';
export { Deliveries } from './deliveries.service.js';
export { DueDeliveries } from './due-deliveries.js';
export { WebhookDeliveries } from './webhook-deliveries.service.js';
export { DELIVERY_FAILURES } from './webhook-delivery.js';
export type { AttemptOutcome, DeliveryFailure, DeliveryStatus, DeliveryWithAttempts } from './webhook-delivery.js';
export type { EndpointStatus, NewWebhookEndpoint, WebhookEndpoint } from './webhook-endpoint.js';
export { WebhookEndpoints } from './webhook-endpoints.service.js';
export { WebhookSender } from './webhook-sender.js';
