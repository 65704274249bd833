const ID_ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

/** A repeatable stream of numbers in [0, 1): the same seed gives the same stream on every machine. Not for secrets. */
export class SeededRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  }

  between(minimum: number, maximum: number): number {
    return minimum + this.next() * (maximum - minimum);
  }

  /** Lower-case letters and digits, as the cloud's resource ids have after their prefix. */
  idText(length: number): string {
    return Array.from({ length }, () => ID_ALPHABET[Math.floor(this.next() * ID_ALPHABET.length)]).join('');
  }
}
