import { requestIdOf } from './request-id.js';

describe('requestIdOf', () => {
  it.each(['build-4711', 'A.b_c-9', 'x'.repeat(128)])('takes %p as it is', (given) => {
    expect(requestIdOf({ headers: { 'x-request-id': given } })).toBe(given);
  });

  it.each([
    undefined,
    '',
    `cvmk_${'A'.repeat(43)}`,
    `AKID${'x'.repeat(32)}`,
    'a b',
    'x'.repeat(129),
    'a\nb',
    '{"a":1}',
    'ä',
  ])('makes another one in place of %p', (given) => {
    const headers = given === undefined ? {} : { 'x-request-id': given };

    expect(requestIdOf({ headers })).toMatch(/^[0-9a-f-]{36}$/);
  });
});
