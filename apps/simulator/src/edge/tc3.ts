import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const ALGORITHM = 'TC3-HMAC-SHA256';
const AUTHORIZATION =
  /^TC3-HMAC-SHA256\s+Credential=([^\s,/]+)\/(\d{4}-\d{2}-\d{2})\/([^\s,/]+)\/tc3_request\s*,\s*SignedHeaders=([^\s,]+)\s*,\s*Signature=([0-9a-f]{64})$/;

export interface Tc3Authorization {
  secretId: string;
  /** UTC day, `YYYY-MM-DD`. */
  date: string;
  /** Whatever the caller signed for: the SDK derives it from the host, so it need not be `cvm`. */
  service: string;
  /** Lower-cased, in the order in which the caller signed them. */
  signedHeaders: string[];
  /** 64 lower-case hex digits. */
  signature: string;
}

export interface SignedRequest {
  method: string;
  path: string;
  query: string;
  /** Values of the signed headers by lower-case name, exactly as they enter the canonical request. */
  headers: Record<string, string>;
  body: Buffer;
  timestampSeconds: number;
}

/** Null when the header is not a well-formed TC3 authorization that signs `content-type` and `host`, as the cloud demands. */
export function parseAuthorization(header: string): Tc3Authorization | null {
  const [, secretId, date, service, names, signature] = AUTHORIZATION.exec(header.trim()) ?? [];
  if (!secretId || !date || !service || !names || !signature) return null;

  const signedHeaders = names.toLowerCase().split(';');
  const signsEnough = signedHeaders.includes('content-type') && signedHeaders.includes('host');
  return signsEnough ? { secretId, date, service, signedHeaders, signature } : null;
}

/** The signature, in hex, that the holder of `secretKey` gives this request. */
export function signTc3(request: SignedRequest, scope: Omit<Tc3Authorization, 'signature'>, secretKey: string): string {
  const canonicalHeaders = scope.signedHeaders.map((name) => `${name}:${request.headers[name] ?? ''}\n`).join('');
  const canonicalRequest = [
    request.method,
    request.path,
    request.query,
    canonicalHeaders,
    scope.signedHeaders.join(';'),
    sha256Hex(request.body),
  ].join('\n');
  const credentialScope = `${scope.date}/${scope.service}/tc3_request`;
  const stringToSign = [ALGORITHM, request.timestampSeconds, credentialScope, sha256Hex(canonicalRequest)].join('\n');

  const dateKey = hmac(`TC3${secretKey}`, scope.date);
  const serviceKey = hmac(dateKey, scope.service);
  const signingKey = hmac(serviceKey, 'tc3_request');
  return hmac(signingKey, stringToSign).toString('hex');
}

/**
 * True when the signature is right for one reading of the headers. The official text lower-cases header values, the
 * SDK does not; the SDK puts the port into `Host` and signs the bare name. All of these pass, nothing else does.
 * Takes the same time whether the first or the last digit differs.
 */
export function signatureMatches(request: SignedRequest, authorization: Tc3Authorization, secretKey: string): boolean {
  const given = Buffer.from(authorization.signature, 'hex');
  return headerReadings(request.headers)
    .map((headers) => Buffer.from(signTc3({ ...request, headers }, authorization, secretKey), 'hex'))
    .map((expected) => timingSafeEqual(expected, given))
    .some(Boolean);
}

function headerReadings(headers: Record<string, string>): Record<string, string>[] {
  const withoutPort = { ...headers, host: (headers['host'] ?? '').replace(/:\d+$/, '') };
  const trimmed = [headers, withoutPort].map((reading) => mapValues(reading, (value) => value.trim()));
  return [...trimmed, ...trimmed.map((reading) => mapValues(reading, (value) => value.toLowerCase()))];
}

function mapValues(record: Record<string, string>, change: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
