import { AppError } from '#libs/errors';
import type { ImageRequestId } from '#libs/ids';
import type { ImageRequestStatus } from './image-request-status.js';

/** Another open request of the account and region already bears the image name. */
export class ImageNameInUse extends AppError {
  readonly code = 'image_name_in_use';
  readonly kind = 'conflict';
  readonly publicMessage: string;
  override readonly extensions: { readonly imageRequestId: ImageRequestId };

  constructor(imageRequestId: ImageRequestId) {
    super(`the image name is held by ${imageRequestId}`);
    this.publicMessage = `The open image request ${imageRequestId} already makes an image of this name in this account and region.`;
    this.extensions = { imageRequestId };
  }
}

/** Once a request is being submitted, nobody can promise any more that the cloud is not called. */
export class NotCancelable extends AppError {
  readonly code = 'not_cancelable';
  readonly kind = 'conflict';
  readonly publicMessage: string;

  constructor(status: ImageRequestStatus) {
    super(`cannot be canceled while ${status}`);
    this.publicMessage = `Only a queued image request can be canceled; this one is ${status}.`;
  }
}

/** Only a failed request can be tried again. */
export class NotRetryable extends AppError {
  readonly code = 'not_retryable';
  readonly kind = 'conflict';
  readonly publicMessage: string;

  constructor(status: ImageRequestStatus) {
    super(`cannot be retried while ${status}`);
    this.publicMessage = `Only a failed image request can be retried; this one is ${status}.`;
  }
}

/** Redis, which holds the lanes, can't be asked. */
export class LanesUnavailable extends AppError {
  readonly code = 'lanes_unavailable';
  readonly kind = 'unavailable';
  readonly publicMessage = 'The lanes cannot be read at the moment. Image requests are still accepted.';
  override readonly retryAfterMs = 2000;

  constructor(cause: unknown) {
    super('the lanes could not be read');
    this.cause = cause;
  }
}
