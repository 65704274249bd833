import type { EventType, NewEvent } from '#libs/events';
import type { ImageRequest } from './image-request.js';
import { imageRequestView, type ImageRequestView } from './image-request.view.js';

export type ImageRequestEventType = Extract<EventType, `image_request.${string}`>;

/** What each event of an image request carries: the request as it was then. */
export interface ImageRequestEventData {
  readonly imageRequest: ImageRequestView;
}

export function imageRequestEvent(type: ImageRequestEventType, request: ImageRequest): NewEvent {
  const { tenantId, accountId, id: subject } = request;
  const data: ImageRequestEventData = { imageRequest: imageRequestView(request) };
  return { tenantId, accountId, type, subject, data };
}
