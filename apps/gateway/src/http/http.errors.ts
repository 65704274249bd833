import { AppError } from '#libs/errors';

export class MalformedJson extends AppError {
  readonly code = 'malformed_json';
  readonly kind = 'invalid';
  readonly publicMessage = 'The body cannot be read as JSON in UTF-8.';
}

export class InvalidCursor extends AppError {
  readonly code = 'invalid_cursor';
  readonly kind = 'invalid';
  readonly publicMessage = 'This cursor is not one that this list gave; pass nextCursor as it was, or none.';
}

/** Says nothing of the key that was presented, which may even have been right. */
export class TooManyFailures extends AppError {
  readonly code = 'too_many_failures';
  readonly kind = 'rate_limited';
  readonly publicMessage = 'Too many unknown API keys came from this address; only keys in force are answered for now.';

  constructor(override readonly retryAfterMs: number) {
    super('an address that guesses keys is slowed');
  }
}
