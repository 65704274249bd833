import { inspect } from 'node:util';
import { keySourceContract } from './key-source.contract.js';
import { EnvKeySource } from './key-source.env.js';

describe('EnvKeySource', () => {
  keySourceContract((text) => new EnvKeySource(text));

  it('shows nothing of its keys', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    const source = new EnvKeySource(`k1:${key}`);

    expect(inspect(source, { depth: null, showHidden: true }) + JSON.stringify(source)).not.toContain(key);
  });

  it('says which key does not fit by its number', () => {
    const key = Buffer.alloc(32, 7).toString('base64');

    expect(() => new EnvKeySource(`k1:${key},k2:short`)).toThrow('key 2 must be 32 bytes in base64');
  });
});
