import fc from 'fast-check';
import { keySigningAt } from './signing-key.js';

const START_MS = Date.UTC(2026, 0, 1);
const times = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 5 });
const keysFrom = (offsets: readonly number[]) => offsets.map((ms) => ({ signsFrom: new Date(START_MS + ms) }));
const at = (ms: number): Date => new Date(START_MS + ms);

describe('keySigningAt', () => {
  it('is the latest key that has begun, in whatever order they come', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 1000 }), (offsets, now) => {
        const begun = offsets.filter((ms) => ms <= now);
        const expected = begun.length > 0 ? Math.max(...begun) : Math.min(...offsets);
        expect(keySigningAt(keysFrom(offsets), at(now))?.signsFrom).toEqual(at(expected));
      }),
    );
  });

  it('begins at the very moment that it was published for', () => {
    const keys = keysFrom([0, 500]);
    expect(keySigningAt(keys, at(499))).toBe(keys[0]);
    expect(keySigningAt(keys, at(500))).toBe(keys[1]);
  });

  it('is the first key by a clock that is behind the one of its maker', () => {
    const keys = keysFrom([500, 900]);
    expect(keySigningAt(keys, at(499))).toBe(keys[0]);
  });

  it('is none where there is none', () => {
    expect(keySigningAt([], at(0))).toBeUndefined();
  });
});
