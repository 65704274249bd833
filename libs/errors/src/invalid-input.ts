import { AppError } from './app-error.js';

/** One fault of one field. `pointer` is a JSON pointer (RFC 6901) into the body, `?name` for a query parameter, or a header's name. */
export interface InputFault {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/** The input breaks one or more rules; all of them are named at once, so that nobody has to find them one by one. */
export class InvalidInput extends AppError {
  readonly code = 'invalid_input';
  readonly kind = 'invalid';
  readonly publicMessage: string;
  override readonly extensions: { readonly errors: readonly InputFault[] };

  constructor(faults: readonly InputFault[]) {
    super(`invalid input: ${faults.map((fault) => `${fault.pointer} ${fault.code}`).join(', ')}`);
    this.publicMessage =
      faults.length === 1
        ? 'One field does not fit; nothing was accepted.'
        : `${faults.length} fields do not fit; nothing was accepted.`;
    this.extensions = { errors: faults };
  }
}
