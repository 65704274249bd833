import { createPrivateKey, generateKeyPairSync, randomBytes, sign as signAsymmetric } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { Secret } from '#libs/secret';

/** What is signed, and when. */
export interface Message {
  readonly id: string;
  readonly at: Date;
  readonly body: string;
}

/** The headers by which a receiver knows an event, its age and its sender (Standard Webhooks 1.0). */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** A key pair of Ed25519, each half as Standard Webhooks writes it. */
export interface SigningKeyPair {
  /** `whpk_` and the 32 bytes in base64. */
  readonly publicKey: string;
  /** `whsk_` and the 32 bytes of the seed in base64. */
  readonly privateKey: Secret;
}

const SECRET_PREFIX = 'whsec_';
const PUBLIC_KEY_PREFIX = 'whpk_';
const PRIVATE_KEY_PREFIX = 'whsk_';
/** What stands before the seed of every Ed25519 key in PKCS #8, and before the bytes of every public one in SPKI (RFC 8410). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_HEAD_BYTES = 12;

export function newSigningSecret(): Secret {
  const key = randomBytes(32);
  const secret = new Secret(`${SECRET_PREFIX}${key.toString('base64')}`);
  key.fill(0);
  return secret;
}

export function newSigningKeyPair(): SigningKeyPair {
  const pair = generateKeyPairSync('ed25519');
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  const seed = pkcs8.subarray(PKCS8_HEAD.length);
  const privateKey = new Secret(`${PRIVATE_KEY_PREFIX}${seed.toString('base64')}`);
  pkcs8.fill(0);
  return { publicKey: `${PUBLIC_KEY_PREFIX}${spki.subarray(SPKI_HEAD_BYTES).toString('base64')}`, privateKey };
}

/**
 * One `v1` signature for each secret, in their order, and one `v1a` where there is a private key. Receivers accept any,
 * which is how a secret is replaced without a gap.
 */
export function signatureHeaders(
  message: Message,
  secrets: readonly Secret[],
  privateKey: Secret | null = null,
): SignatureHeaders {
  const signatures = secrets.map((secret) => signBySecret(message, secret));
  if (privateKey !== null) signatures.push(signByKey(message, privateKey));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': secondsOf(message),
    'webhook-signature': signatures.join(' '),
  };
}

/** The key is wiped once it has signed. */
function signBySecret(message: Message, secret: Secret): string {
  const key = Buffer.from(secret.reveal().slice(SECRET_PREFIX.length), 'base64');
  try {
    return new Webhook(key, { format: 'raw' }).sign(message.id, message.at, message.body);
  } finally {
    key.fill(0);
  }
}

/** The same; what OpenSSL has of it lies outside of the JavaScript heap, and is wiped when it is freed. */
function signByKey(message: Message, privateKey: Secret): string {
  const seed = Buffer.from(privateKey.reveal().slice(PRIVATE_KEY_PREFIX.length), 'base64');
  const pkcs8 = Buffer.concat([PKCS8_HEAD, seed]);
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    const signed = Buffer.from(`${message.id}.${secondsOf(message)}.${message.body}`, 'utf8');
    return `v1a,${signAsymmetric(null, signed, key).toString('base64')}`;
  } finally {
    seed.fill(0);
    pkcs8.fill(0);
  }
}

function secondsOf({ at }: Message): string {
  return String(Math.floor(at.getTime() / 1000));
}
