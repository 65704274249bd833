import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import type { KeySource } from './key-source.js';
import { KeySourceFault } from './master-key.js';

const newKey = (): string => randomBytes(32).toString('base64');

/** What every source of master keys promises. `sourceOf` makes one that holds just this text. */
export function keySourceContract(sourceOf: (text: string) => KeySource): void {
  const [one, other] = [newKey(), newKey()];

  function faultOf(text: string): KeySourceFault {
    try {
      sourceOf(text).read();
    } catch (error) {
      if (error instanceof KeySourceFault) return error;
      throw error;
    }
    throw new Error('the source took it');
  }

  it('gives the keys in their order, the current one first', () => {
    const keys = sourceOf(`k2:${one}, k1:${other}`).read();

    expect(keys.map(({ id, material }) => [id, material.reveal()])).toEqual([
      ['k2', one],
      ['k1', other],
    ]);
  });

  it('gives the same again when nothing has changed', () => {
    const source = sourceOf(`k1:${one}`);

    expect(source.read().map(({ id }) => id)).toEqual(source.read().map(({ id }) => id));
  });

  it('passes over white space and empty places', () => {
    expect(
      sourceOf(` k1:${one} ,, k2:${other} ,`)
        .read()
        .map(({ id }) => id),
    ).toEqual(['k1', 'k2']);
  });

  it.each([
    ['', /must name at least one key/],
    [' , ', /must name at least one key/],
    ['no-colon', /must be id:base64/],
    [`k1:${one}:more`, /must be id:base64/],
    ['k1:c2hvcnQ=', /must be 32 bytes in base64/],
    [`k1:${Buffer.alloc(33, 7).toString('base64')}`, /must be 32 bytes in base64/],
    [`k1:${one.slice(0, -1)}!`, /must be 32 bytes in base64/],
    [`:${one}`, /the id of .* must be 1-64 letters/],
    [`${'k'.repeat(65)}:${one}`, /the id of .* must be 1-64 letters/],
    [`k 1:${one}`, /the id of .* must be 1-64 letters/],
    [`k1:${one},k1:${other}`, /names a key id twice/],
  ])('refuses %p', (text, words) => {
    expect(faultOf(text).message).toMatch(words);
  });

  it.each([
    ['a bad key', `k1:${one},k2:${other}x`],
    ['a bad id', `k1:${one},k_é:${other}`],
    ['a key without an id', `${one},k2:${other}`],
  ])('repeats nothing of what it read when it refuses %s', (_what, text) => {
    const words = inspect(faultOf(text), { depth: null });

    for (const secret of [one, other]) expect(words).not.toContain(secret);
  });
}
