import { format, inspect } from 'node:util';
import { Secret } from './secret.js';

describe('Secret', () => {
  const secret = new Secret('hunter2');

  it.each([
    ['JSON', () => JSON.stringify({ secret })],
    ['inspection', () => inspect({ nested: { secret } }, { depth: 9, showHidden: true })],
    ['formatting', () => format('%s %o %j', secret, secret, secret)],
    ['concatenation', () => `${String(secret)}${secret.toString()}`],
  ])('keeps its value out of %s', (_way, print) => {
    expect(print()).not.toContain('hunter2');
    expect(print()).toContain('[secret]');
  });

  it('gives its value to whoever asks by name', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});
