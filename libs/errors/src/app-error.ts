/** What went wrong, in the terms a caller can act on. Only the gateway knows which HTTP status each kind becomes. */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'unprocessable'
  | 'rate_limited'
  | 'unavailable'
  | 'internal';

/**
 * A refusal with a stable public code. `publicMessage` is written for the caller and may be shown; `message` and `cause`
 * are for the log alone and may name what a caller must not see.
 */
export abstract class AppError extends Error {
  /** Stable, snake_case, part of the public contract. */
  abstract readonly code: string;
  abstract readonly kind: ErrorKind;
  abstract readonly publicMessage: string;

  /** Further members of the problem document, such as the id of the request that holds a name. Never a secret. */
  readonly extensions: Readonly<Record<string, unknown>> = {};
  /** How long the caller should wait before it tries again, where that is known. */
  readonly retryAfterMs: number | null = null;

  override get name(): string {
    return this.constructor.name;
  }
}
