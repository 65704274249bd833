import fc from 'fast-check';
import { needlesFor } from './needles.js';
import { Search } from './search.js';

const SECRET = 'sk"canary\\7/+&%<~>ends-here';

/** Every way that something on the path of a secret could write it, each by means of its own. */
const WRITTEN: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in a log line': (secret) => JSON.stringify({ level: 'trace', body: secret }),
  'in a body in a log line': (secret) => JSON.stringify({ body: JSON.stringify({ secretKey: secret }) }),
  'in a query': (secret) => new URL(`http://x/?key=${encodeURIComponent(secret)}`).href,
  'in a form': (secret) => new URLSearchParams({ key: secret }).toString(),
  'in basic authorization': (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  'in base64 behind one byte': (secret) => Buffer.from(`x${secret}yz`).toString('base64'),
  'in base64 behind two bytes': (secret) => Buffer.from(`xx${secret}y`).toString('base64'),
  'in base64url': (secret) => Buffer.from(`{"a":"${secret}"}`).toString('base64url'),
  'in hex': (secret) => `\\x${Buffer.from(secret).toString('hex')}00`,
  'in hex with capitals': (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'in a page': (secret) =>
    `<p>${secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')}</p>`,
};

describe('The search for planted secrets', () => {
  const search = new Search(needlesFor('planted', SECRET));

  it.each(Object.keys(WRITTEN))('finds one %s', (way) => {
    const text = `before ${WRITTEN[way]?.(SECRET)} after`;

    expect(search.find(Buffer.from(text)).map(({ needle }) => needle.label)).toContain('planted');
  });

  it.each(Object.keys(WRITTEN))('does not find another one %s', (way) => {
    const other = SECRET.replace('canary', 'yranac');

    expect(search.find(Buffer.from(`before ${WRITTEN[way]?.(other)} after`))).toEqual([]);
  });

  it('finds each of many, wherever it stands, and says where', () => {
    const secrets = fc.uniqueArray(fc.string({ unit: 'grapheme-ascii', minLength: 12, maxLength: 40 }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(secrets, fc.string(), (planted, between) => {
        const many = new Search(planted.flatMap((secret, index) => needlesFor(String(index), secret)));
        const text = Buffer.from(planted.join(between), 'latin1');
        const found = many.find(text);

        expect(new Set(found.map(({ needle }) => needle.label)).size).toBe(planted.length);
        for (const { needle, at } of found)
          expect(text.subarray(at, at + needle.bytes.length).equals(needle.bytes)).toBe(true);
      }),
    );
  });

  it('finds bytes that are no text', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
    const binary = new Search(needlesFor('bytes', bytes));

    expect(binary.find(Buffer.concat([Buffer.from('x'), bytes])).map(({ at }) => at)).toEqual([1]);
    expect(binary.find(Buffer.from(bytes.toString('base64')))).not.toEqual([]);
  });
});
