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
