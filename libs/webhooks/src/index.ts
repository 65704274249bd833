export { assembleDeliverySide, assembleTenantSide } from './assemble-webhooks.js';
export { EndpointDispatcher } from './endpoint-dispatcher.js';
export type { DispatcherLimits, DispatchOutcome } from './endpoint-dispatcher.js';
export { ForgottenEndpoints } from './forgotten-endpoints.js';
export { SigningKeyBoxes } from './signing-key-boxes.js';
export type { PublishedKey } from './signing-key.js';
export { SigningKeyStore } from './signing-key.store.js';
export type { KeyReplacement } from './signing-keys.service.js';
export { SigningKeys } from './signing-keys.service.js';
export { SpentSecrets } from './spent-secrets.js';
export { WebhookRetention } from './webhook-retention.js';
export { WebhookRetentionStore } from './webhook-retention.store.js';
export { signatureHeaders } from './signature.js';
export { WebhookDeliveries } from './webhook-deliveries.service.js';
export { DELIVERY_FAILURES } from './webhook-delivery.js';
export type { DeliveryFailure, DeliveryStatus, DeliveryWithAttempts } from './webhook-delivery.js';
export { SIGNATURE_SCHEMES } from './webhook-endpoint.js';
export type {
  EndpointSnapshot,
  EndpointStatus,
  NewWebhookEndpoint,
  SignatureScheme,
  WebhookEndpoint,
} from './webhook-endpoint.js';
export type { DisableReason, EndpointDisabledData, EndpointTestData } from './webhook-endpoint.events.js';
export { WebhookEndpoints } from './webhook-endpoints.service.js';
export { WebhookResending } from './webhook-resending.service.js';
export { WebhookSecretBoxes } from './webhook-secret-boxes.js';
export { WebhookSecretStore } from './webhook-secret.store.js';
export { WebhookSender } from './webhook-sender.js';
