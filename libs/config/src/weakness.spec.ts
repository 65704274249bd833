import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { weaknessOf } from './weakness.js';

describe('weaknessOf', () => {
  it.each([
    ['a'.repeat(64), 'few characters'],
    ['0123456789'.repeat(4), 'repeats itself'],
    ['correcthorsebattery'.repeat(2), 'repeats itself'],
    ['Tr0ub4dor&3!Tr0ub4dor&3!Tr0ub4dor', 'repeats itself'],
    ['monkeybars01-monkeybars02-monkeybars03', 'repeats itself'],
    ['abcdefghijklmnopqrstuvwxyz0123456789', 'alphabet'],
    ['ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210', 'alphabet'],
    ['qwertyuiopasdfghjklzxcvbnm1234567890', 'keyboard'],
    ['changeme-please-admin-key-0123456789', 'common words'],
    ['please-change-this-admin-api-key-before-production', 'common words'],
    ['your-secret-admin-api-key-goes-in-here', 'common words'],
    ['ChangeMe!ReplaceThis!AdminPassword!2026', 'common words'],
    ['super-secret-admin-password-for-the-image-service', 'common words'],
  ])('finds %p weak', (text, why) => {
    expect(weaknessOf(text)).toContain(why);
  });

  it.each(['hex', 'base64', 'base64url'] as const)('takes what a random source gives in %s', (encoding) => {
    // Sixteen bytes in hex are the shortest text that the setting takes.
    fc.assert(
      fc.property(fc.constantFrom(encoding === 'hex' ? 16 : 24, 32, 64), (size) => {
        expect(weaknessOf(randomBytes(size).toString(encoding))).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
