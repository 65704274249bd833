import { type Needle, needlesFor } from './needles.js';

/** What must not be found anywhere, each with words that say whose it is. */
export class Secrets {
  private readonly planted = new Map<string, string | Buffer>();

  get size(): number {
    return this.planted.size;
  }

  /** Gives it back, so that it is planted where it is made. The words must not be used twice. */
  plant<Value extends string | Buffer>(label: string, secret: Value): Value {
    if (this.planted.has(label)) throw new Error(`there is a ${label} already`);
    this.planted.set(label, secret);
    return secret;
  }

  needles(): readonly Needle[] {
    return [...this.planted].flatMap(([label, secret]) => needlesFor(label, secret));
  }
}
