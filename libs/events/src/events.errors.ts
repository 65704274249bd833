import { AppError } from '#libs/errors';

/** Nothing can go on behind this event. Says the same words for an unknown one, another tenant's and one that was removed. */
export class EventNotKept extends AppError {
  readonly code = 'not_found';
  readonly kind = 'not_found';
  readonly publicMessage =
    'There is no such event, or it is no longer kept: begin without it, with GET /v1/events from the oldest event that is.';
}
