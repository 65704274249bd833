import { AppError } from '#libs/errors';

/** Nothing can go on behind this event. Says the same words for an unknown one, another tenant's and one that was removed. */
export class EventNotKept extends AppError {
  readonly code = 'not_found';
  readonly kind = 'not_found';
  readonly publicMessage =
    'There is no such event, or it is no longer kept. Begin with the oldest that is: GET /v1/events without after, or the stream with after=start.';
}
