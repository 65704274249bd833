import { AppError } from './app-error.js';

/** There is no such object for this caller. Says the same words for an unknown id and for another tenant's. */
export class NotFound extends AppError {
  readonly code = 'not_found';
  readonly kind = 'not_found';
  readonly publicMessage: string;

  constructor(what: string) {
    super(`no such ${what}`);
    this.publicMessage = `There is no such ${what}.`;
  }
}
