import { ApiError } from '../api-error.js';
import type { Accounts, Caller, SecretKey } from '../state/accounts.js';
import { headerText, type IncomingCall } from './incoming-call.js';
import { signatureMatches, type Tc3Authorization } from './tc3.js';

const CLOCK_TOLERANCE_MS = 5 * 60 * 1000;

/** The caller, once key, clock, signature and token have all proved right; otherwise the cloud's code for the first that did not. */
export function authenticate(call: IncomingCall, body: Buffer, accounts: Accounts, wallMs: number): Caller {
  const { authorization } = call;
  if (!authorization) throw failure('InvalidAuthorization', 'The `Authorization` header is not valid.');

  const key = accounts.find(authorization.secretId);
  if (!key || key.disabled)
    throw failure('SecretIdNotFound', 'The SecretId is not found, please ensure that your SecretId is correct.');

  const timestampSeconds = readTimestamp(call);
  if (Math.abs(wallMs - timestampSeconds * 1000) > CLOCK_TOLERANCE_MS) {
    throw failure(
      'SignatureExpire',
      'The provided credentials are expired: the timestamp differs by more than 5 minutes from the server time.',
    );
  }
  if (!isSigned(call, body, authorization, key, timestampSeconds)) {
    throw failure(
      'SignatureFailure',
      'The provided credentials could not be validated. Please check your signature is correct.',
    );
  }
  assertToken(call, key, wallMs);
  return key.caller;
}

function readTimestamp(call: IncomingCall): number {
  const timestampSeconds = Number(call.timestamp);
  if (Number.isSafeInteger(timestampSeconds) && timestampSeconds > 0) return timestampSeconds;
  throw new ApiError('InvalidParameter', 'The value of `X-TC-Timestamp` must be a Unix time in seconds.');
}

function isSigned(
  call: IncomingCall,
  body: Buffer,
  authorization: Tc3Authorization,
  key: SecretKey,
  timestampSeconds: number,
): boolean {
  const utcDate = new Date(timestampSeconds * 1000).toISOString().slice(0, 10);
  if (authorization.date !== utcDate) return false;

  const headers = Object.fromEntries(
    authorization.signedHeaders.map((name) => [name, headerText(call.headers, name) ?? '']),
  );
  const { method, path, query } = call;
  return signatureMatches({ method, path, query, headers, body, timestampSeconds }, authorization, key.secretKey);
}

/** A temporary key needs its own token, in time; a permanent key must bring none. */
function assertToken(call: IncomingCall, key: SecretKey, wallMs: number): void {
  const expectedToken = key.session?.token ?? null;
  const isExpired = key.session !== null && wallMs >= key.session.expiresAtWallMs;
  if (call.token === expectedToken && !isExpired) return;
  throw failure('TokenFailure', 'The token is not valid or has expired.');
}

function failure(kind: string, message: string): ApiError {
  return new ApiError(`AuthFailure.${kind}`, message);
}
