import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { Secret } from '#libs/secret';

/** The headers by which a receiver knows an event, its age and its sender (Standard Webhooks 1.0). */
export interface SignatureHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

const PREFIX = 'whsec_';

export function newSigningSecret(): Secret {
  const key = randomBytes(32);
  const secret = new Secret(`${PREFIX}${key.toString('base64')}`);
  key.fill(0);
  return secret;
}

/** One signature for each secret, in their order: receivers accept any, which is how a secret is replaced without a gap. */
export function signatureHeaders(
  message: { readonly id: string; readonly at: Date; readonly body: string },
  secrets: readonly Secret[],
): SignatureHeaders {
  const signatures = secrets.map((secret) => sign(message, secret));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(Math.floor(message.at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  };
}

/** The key is wiped once it has signed. */
function sign(message: { readonly id: string; readonly at: Date; readonly body: string }, secret: Secret): string {
  const key = Buffer.from(secret.reveal().slice(PREFIX.length), 'base64');
  try {
    return new Webhook(key, { format: 'raw' }).sign(message.id, message.at, message.body);
  } finally {
    key.fill(0);
  }
}
