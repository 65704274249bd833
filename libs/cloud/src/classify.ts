import type { ErrorCode, RateRefusal, RateScope } from './error-code.js';
import type { Secret } from '#libs/secret';
import { ERROR_CODES, unlistedCode } from './error-codes.js';

const BY_CODE: ReadonlyMap<string, ErrorCode> = new Map(ERROR_CODES.map((entry) => [entry.code, entry]));

/**
 * Tells what a code means and what to do about it. Goes by the full code, because a prefix misleads both ways:
 * `UnsupportedOperation.InstanceStateStarting` passes by itself, `ResourceInsufficient.CloudDiskUnavailable` never does.
 */
export function classify(code: string): ErrorCode {
  return BY_CODE.get(code) ?? unlistedCode(code);
}

/** The key itself is no good: unknown, deleted, disabled, of no use, or not the one that its SecretId belongs to. */
const OF_THE_KEY: readonly string[] = [
  'AuthFailure.AccessKeyIllegal',
  'AuthFailure.InvalidSecretId',
  'AuthFailure.SecretIdNotFound',
  'AuthFailure.SignatureFailure',
];
/** The token is no good. Without one, the stored key is a temporary one that lacks its token, and nothing can refresh it. */
const OF_THE_TOKEN: readonly string[] = ['AuthFailure.TokenFailure', 'UnauthorizedOperation.InvalidToken'];

/** Every code by which a refusal may reject a credential; `rejectsCredential` says whether one does. */
export const CREDENTIAL_REJECTIONS: readonly string[] = [...OF_THE_KEY, ...OF_THE_TOKEN];

/**
 * Whether a refusal says that no call of whatever kind can be signed with the credential, so that every other request of
 * the account would meet the same. Rights, balance, addresses and multi-factor rules are not meant: they may refuse one
 * call and let another pass. Nor is a clock that is off, which is ours. Of a session's key and token it says only that
 * the session is no good any more, and the role behind it gives another.
 */
export function rejectsCredential(code: string, signedWith: { readonly token: Secret | null }): boolean {
  return signedWith.token === null && CREDENTIAL_REJECTIONS.includes(code);
}

/** What the message of a rate refusal says, in calls a second; null where it does not. */
export function parseRateRefusal(message: string): RateRefusal {
  return {
    countedCalls: positive(/request times equals to\s*`?(\d{1,6})`?/i.exec(message)?.[1]),
    enforcedLimit: positive(/frequency limit\s*`?(\d{1,6})`?/i.exec(message)?.[1]),
  };
}

function positive(digits: string | undefined): number | null {
  const value = Number(digits);
  return Number.isInteger(value) && value > 0 ? value : null;
}

/** Whose pace a rate refusal is about. A sub-code that is not known slows the whole account, which is the cautious reading. */
export function rateScope(code: string): RateScope {
  if (code === 'RequestLimitExceeded') return 'lane';
  return code === 'RequestLimitExceeded.IPLimitExceeded' ? 'all' : 'account';
}
