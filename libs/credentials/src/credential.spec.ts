import { Secret } from '#libs/secret';
import { hintOf } from './credential.js';

describe('hintOf', () => {
  it.each([
    ['AKIDexampleexampleexamplewxyz', 'AKID…wxyz'],
    ['AKIDalice', 'AK…ce'],
    ['abcd', 'a…d'],
    ['abc', '…'],
  ])('shows of %s no more than %s', (secretId, hint) => {
    expect(hintOf(new Secret(secretId))).toBe(hint);
  });
});
