/** One form in which a secret could lie somewhere. */
export interface Needle {
  /** Whose and what, such as "secret key of tenant 7", and in which form. Never the secret itself. */
  readonly label: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Shorter ones would be found by chance. */
const BYTES_MIN = 12;

/**
 * A secret as it is and in every form that something on its way may give it: base64 and base64url wherever in a longer
 * text it stands, hex, percent-encoded, and as JSON within JSON writes it.
 */
export function needlesFor(label: string, secret: string | Buffer): readonly Needle[] {
  const bytes = Buffer.from(secret);
  const text = bytes.toString('latin1');
  const hex = bytes.toString('hex');
  const forms: (readonly [string, string])[] = [
    ['as it is', text],
    ...encodedIn(bytes).flatMap((base64): (readonly [string, string])[] => [
      ['base64', base64],
      ['base64url', base64.replaceAll('+', '-').replaceAll('/', '_')],
      ['base64 in JSON', jsonEscaped(base64).replaceAll('/', '\\/')],
    ]),
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['percent-encoded', encodeURIComponent(text)],
    ['percent-encoded in small letters', encodeURIComponent(text).replaceAll(/%../g, (code) => code.toLowerCase())],
    ['as a form', new URLSearchParams({ '': text }).toString().slice(1)],
    ['JSON', jsonEscaped(text)],
    ['JSON within JSON', jsonEscaped(jsonEscaped(text))],
    ['HTML', htmlEscaped(text)],
  ];
  const byText = new Map<string, Needle>();
  for (const [form, written] of forms)
    if (!byText.has(written)) byText.set(written, { label, form, bytes: Buffer.from(written, 'latin1') });
  return [...byText.values()].filter((needle) => needle.bytes.length >= BYTES_MIN);
}

/** What of its base64 does not depend on the bytes around it, for each of the three places that a byte can have. */
function encodedIn(bytes: Buffer): readonly string[] {
  return [0, 1, 2].map((before) => {
    const base64 = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const bits = (before + bytes.length) * 8;
    return base64.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
  });
}

function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function htmlEscaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);
}
