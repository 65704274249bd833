export type { Failure, FailureCategory, ImageOrder, ImageRequest, ImageTag } from './image-request.js';
export { isEnded } from './image-request-status.js';
export type { ImageRequestStatus, WaitingFor } from './image-request-status.js';
