import { AppError } from '#libs/errors';
import type { Checks } from './readiness.js';

export class NotReady extends AppError {
  readonly code = 'not_ready';
  readonly kind = 'unavailable';
  readonly publicMessage: string;
  override readonly retryAfterMs = 1000;
  override readonly extensions: { readonly checks: Checks };

  constructor(checks: Checks, isStopping: boolean) {
    const failing = Object.entries(checks).flatMap(([part, state]) => (state === 'ok' ? [] : [part]));
    super(isStopping ? 'stopping' : `failing: ${failing.join(', ')}`);
    this.publicMessage = isStopping
      ? 'This process is about to stop.'
      : `Not answering as it should: ${failing.join(', ')}.`;
    this.extensions = { checks };
  }
}
