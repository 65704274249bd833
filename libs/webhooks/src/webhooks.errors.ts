import { AppError } from '#libs/errors';
import type { WebhookEndpointId } from '#libs/ids';

/** The URL is one that this service may not call. `reason` ends the sentence "This webhook URL may not be called: …". */
export class WebhookUrlForbidden extends AppError {
  readonly code = 'webhook_url_forbidden';
  readonly kind = 'unprocessable';
  readonly publicMessage: string;

  constructor(reason: string) {
    super(`webhook URL refused: ${reason}`);
    this.publicMessage = `This webhook URL may not be called: ${reason}.`;
  }
}

/** What was sent to a deleted endpoint stays on record, and can't be sent there again. */
export class WebhookEndpointDeleted extends AppError {
  readonly code = 'webhook_endpoint_deleted';
  readonly kind = 'conflict';
  readonly publicMessage = 'The webhook endpoint of this delivery was deleted, so nothing can be sent to it again.';

  constructor(endpointId: WebhookEndpointId) {
    super(`${endpointId} is deleted`);
  }
}

/** A disabled endpoint gets nothing, not even a test. */
export class WebhookEndpointDisabled extends AppError {
  readonly code = 'webhook_endpoint_disabled';
  readonly kind = 'conflict';
  readonly publicMessage = 'This webhook endpoint is disabled: enable it first.';

  constructor(endpointId: WebhookEndpointId) {
    super(`${endpointId} is disabled`);
  }
}
