import type { Needle } from './needles.js';

const BITS = 22;
const FINGERPRINT_BYTES = 4;
/** Taken from the globals once: under jest each look at a global is slow, and this is done for every byte. */
const { imul } = Math;

/**
 * Looks for thousands of needles at once, in one pass whatever their number: heap snapshots have a hundred megabytes. A
 * place is looked at closer only where its next four bytes are those that some needle begins with.
 */
export class Search {
  private readonly mayBegin = new Uint8Array(2 ** BITS);
  private readonly byBeginning = new Map<number, Needle[]>();

  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      const beginning = needle.bytes.readUInt32BE(0);
      this.mayBegin[slotOf(beginning)] = 1;
      this.byBeginning.set(beginning, [...(this.byBeginning.get(beginning) ?? []), needle]);
    }
  }

  /** Each needle that is there, once, and where it was first. */
  find(text: Buffer): readonly { readonly needle: Needle; readonly at: number }[] {
    const found = new Map<Needle, number>();
    let next = 0;
    for (let end = 0; end < text.length; end += 1) {
      next = ((next << 8) | (text[end] ?? 0)) >>> 0;
      if (this.mayBegin[slotOf(next)] !== 1) continue;
      const at = end - FINGERPRINT_BYTES + 1;
      for (const needle of this.byBeginning.get(next) ?? []) {
        const { bytes } = needle;
        if (!found.has(needle) && text.subarray(at, at + bytes.length).equals(bytes)) found.set(needle, at);
      }
    }
    return [...found].map(([needle, at]) => ({ needle, at }));
  }
}

function slotOf(beginning: number): number {
  return imul(beginning, 0x9e3779b1) >>> (32 - BITS);
}
