import { Secret } from '#libs/secret';

/** One key of the key ring. The first of the ring seals; all of them open. */
export interface MasterKey {
  readonly id: string;
  /** 32 bytes, base64. */
  readonly material: Secret;
}

/** What is wrong with a source of master keys, in words that may be printed: they never repeat what was read. */
export class KeySourceFault extends Error {}

/** What should be one key, and where it stands, such as `line 3`. */
export interface KeyText {
  readonly where: string;
  readonly text: string;
}

/** Splits `id:base64,…`; white space around a key and empty places are ignored. */
export function splitKeys(text: string): readonly string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The keys in their order, or a `KeySourceFault` that names the first place that does not fit. */
export function parseMasterKeys(texts: readonly KeyText[]): readonly MasterKey[] {
  const keys = texts.map(parseMasterKey);
  if (keys.length === 0) throw new KeySourceFault('must name at least one key');
  if (new Set(keys.map((key) => key.id)).size !== keys.length) throw new KeySourceFault('names a key id twice');
  return keys;
}

function parseMasterKey({ where, text }: KeyText): MasterKey {
  const [id, material, ...rest] = text.split(':');
  if (id === undefined || material === undefined || rest.length > 0)
    throw new KeySourceFault(`${where} must be id:base64`);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id))
    throw new KeySourceFault(`the id of ${where} must be 1-64 letters, digits, dots, dashes or underscores`);
  const bytes = Buffer.from(material, 'base64');
  const fits = bytes.length === 32 && /^[A-Za-z0-9+/]+={0,2}$/.test(material);
  bytes.fill(0);
  if (!fits) throw new KeySourceFault(`${where} must be 32 bytes in base64 (openssl rand -base64 32)`);
  return { id, material: new Secret(material) };
}
