import { createPrivateKey } from 'node:crypto';
import { isIP } from 'node:net';
import { EnvKeySource, FileKeySource, KeySourceFault } from '#libs/sealing';
import { Secret } from '#libs/secret';

/** Why the text of a variable does not fit, in words that may be printed: they never repeat the text. */
export class SettingFault extends Error {}

export const text = (value: string): string => value;

export const secret = (value: string): Secret => new Secret(value);

export function integer(value: string): number {
  if (!/^-?\d+$/.test(value)) throw new SettingFault('must be a whole number');
  return Number(value);
}

export function flag(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw new SettingFault('must be "true" or "false"');
  return value === 'true';
}

/** Comma-separated, white space around the items ignored. */
export function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Address ranges such as `10.0.0.0/8` or `fd00::/8`; a lone address is a range of one. */
export function cidrs(value: string): readonly string[] {
  const ranges = list(value);
  ranges.forEach((range, index) => {
    const [address = '', length, ...rest] = range.split('/');
    const bits = isIP(address) === 4 ? 32 : 128;
    const fits = length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits);
    if (isIP(address) === 0 || !fits || rest.length > 0)
      throw new SettingFault(`range ${index + 1} must be an address and a prefix length, such as 10.0.0.0/8`);
  });
  return ranges;
}

export function integers(value: string): readonly number[] {
  return list(value).map(integer);
}

export function ports(value: string): readonly number[] {
  return list(value).map((item, index) => {
    const port = /^\d{1,5}$/.test(item) ? Number(item) : 0;
    if (port < 1 || port > 65_535) throw new SettingFault(`port ${index + 1} must be a whole number from 1 to 65535`);
    return port;
  });
}

/** A URL with one of the given schemes. May hold a password, so it travels as a secret. */
export function secretUrl(...schemes: readonly string[]): (value: string) => Secret {
  return (value) => {
    httpLikeUrl(value, schemes);
    return new Secret(value);
  };
}

/** An http or https URL, or a bare host, which then means https; `{region}` may stand in it. */
export function endpoint(value: string): string {
  const full = /^[a-z]+:\/\//i.test(value) ? value : `https://${value}`;
  const url = httpLikeUrl(full.replaceAll('{region}', 'region'), ['http', 'https']);
  if (url.pathname !== '/' || url.search !== '' || url.username !== '')
    throw new SettingFault('must be a scheme and a host, with nothing behind it');
  return full.replace(/\/$/, '');
}

function httpLikeUrl(value: string, schemes: readonly string[]): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !schemes.includes(url.protocol.slice(0, -1)))
    throw new SettingFault(`must be a URL that begins with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);
  return url;
}

/** The key ring itself. */
export function envKeySource(value: string): EnvKeySource {
  return settingOf(() => new EnvKeySource(value));
}

/** The path of the file that holds the key ring, which is read to see that it can be used. */
export function fileKeySource(value: string): FileKeySource {
  return settingOf(() => {
    const source = new FileKeySource(value);
    source.read();
    return source;
  });
}

function settingOf<Source>(make: () => Source): Source {
  try {
    return make();
  } catch (error) {
    throw error instanceof KeySourceFault ? new SettingFault(error.message, { cause: error }) : error;
  }
}

/** An Ed25519 private key, PEM or base64 DER (PKCS #8). */
export function ed25519PrivateKey(value: string): Secret {
  const pem = value.includes('-----BEGIN') ? value.replaceAll('\\n', '\n') : null;
  try {
    const key =
      pem === null
        ? createPrivateKey({ key: Buffer.from(value, 'base64'), format: 'der', type: 'pkcs8' })
        : createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('another type of key');
    return new Secret(key.export({ format: 'pem', type: 'pkcs8' }).toString());
  } catch {
    throw new SettingFault('must be an Ed25519 private key, PEM or base64 DER (openssl genpkey -algorithm ed25519)');
  }
}
