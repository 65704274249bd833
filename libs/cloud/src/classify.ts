import type { ErrorCode, RateScope } from './error-code.js';
import { ERROR_CODES, unlistedCode } from './error-codes.js';

const BY_CODE: ReadonlyMap<string, ErrorCode> = new Map(ERROR_CODES.map((entry) => [entry.code, entry]));

/**
 * Tells what a code means and what to do about it. Goes by the full code, because a prefix misleads both ways:
 * `UnsupportedOperation.InstanceStateStarting` passes by itself, `ResourceInsufficient.CloudDiskUnavailable` never does.
 */
export function classify(code: string): ErrorCode {
  return BY_CODE.get(code) ?? unlistedCode(code);
}

/** The limit that the cloud says it enforces, in calls a second; null where the message of a rate refusal names none. */
export function parseEnforcedLimit(message: string): number | null {
  const digits = /frequency limit\s*`?(\d{1,6})`?/i.exec(message)?.[1];
  const limit = Number(digits);
  return Number.isInteger(limit) && limit > 0 ? limit : null;
}

/** Whose pace a rate refusal is about. A sub-code that is not known slows the whole account, which is the cautious reading. */
export function rateScope(code: string): RateScope {
  if (code === 'RequestLimitExceeded') return 'lane';
  return code === 'RequestLimitExceeded.IPLimitExceeded' ? 'all' : 'account';
}
