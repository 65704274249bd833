import { inspect } from 'node:util';

/**
 * A value that must not be read by accident. Printing, logging, string concatenation and JSON all give `[secret]`;
 * only `reveal()` gives the value, so every place that reads a secret can be found by that name.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toJSON(): string {
    return '[secret]';
  }

  toString(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}
