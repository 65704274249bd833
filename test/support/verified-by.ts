import { createHmac, createPublicKey, verify } from 'node:crypto';
import { verifyAsync } from '@noble/ed25519';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';

/** What of a received request says who sent it. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A key as `/.well-known/webhook-keys.json` has it. */
export interface WebhookKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
  readonly publicKey: string;
}

/**
 * Whether the holder of the secret takes the request at the time of its signature. The published libraries must agree, and
 * so must the HMAC itself, for we sign with one of them.
 */
export function takenBySecret(secret: string, request: SignedRequest): boolean {
  const headers = request.headers as Record<string, string>;
  const verdicts = [new Webhook(secret), new SvixWebhook(secret)].map((library) =>
    atTimeOf(request, () => {
      library.verify(request.body, headers);
    }),
  );
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const hmac = createHmac('sha256', key).update(signedPartOf(request)).digest();
  const isThere = signaturesOf(request, 'v1').some((signature) => signature.equals(hmac));
  if (verdicts.some((verdict) => verdict !== isThere)) throw new Error('the libraries do not agree');
  return isThere;
}

/** The same for whoever knows the public key, as Node and a library of its own arithmetic see it. */
export async function takenByKey({ kty, crv, x, publicKey }: WebhookKey, request: SignedRequest): Promise<boolean> {
  const signed = signedPartOf(request);
  const bytes = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64');
  const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
  const verdicts: boolean[] = [];
  for (const signature of signaturesOf(request, 'v1a')) {
    const bySignature = [verify(null, signed, key, signature), await verifyAsync(signature, signed, bytes)];
    if (bySignature[0] !== bySignature[1]) throw new Error('the libraries do not agree');
    verdicts.push(bySignature[0] === true);
  }
  return verdicts.includes(true);
}

/** The signatures of one scheme, in their order. */
export function signaturesOf({ headers }: SignedRequest, scheme: 'v1' | 'v1a'): readonly Buffer[] {
  const all = String(headers['webhook-signature'])
    .split(' ')
    .map((signature) => signature.split(',', 2));
  return all.filter(([name]) => name === scheme).map(([, text = '']) => Buffer.from(text, 'base64'));
}

function signedPartOf({ headers, body }: SignedRequest): Buffer {
  return Buffer.from(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`, 'utf8');
}

/** The libraries know no clock but the machine's, and refuse what is more than five minutes away from it. */
function atTimeOf({ headers }: SignedRequest, check: () => void): boolean {
  const realNow = Date.now;
  const at = Number(headers['webhook-timestamp']) * 1000;
  Date.now = () => at;
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message === 'No matching signature found') return false;
    throw error;
  } finally {
    Date.now = realNow;
  }
}
