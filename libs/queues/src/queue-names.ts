import type { AccountId, ImageRequestId, WebhookEndpointId } from '#libs/ids';

/** Every queue, by name, and what its jobs carry: ids alone. The row is the truth, and Redis may be lost. */
export interface QueueJobs {
  'submit-image-requests': { readonly imageRequestId: ImageRequestId };
  'track-images': { readonly accountId: AccountId; readonly region: string };
  'deliver-webhooks': { readonly endpointId: WebhookEndpointId };
}

export type QueueName = keyof QueueJobs;

export const SUBMIT_QUEUE = 'submit-image-requests' satisfies QueueName;
export const TRACK_QUEUE = 'track-images' satisfies QueueName;
export const DELIVER_QUEUE = 'deliver-webhooks' satisfies QueueName;
