import type { ErrorCode, RateRefusal, RateScope } from './error-code.js';
import { ERROR_CODES, unlistedCode } from './error-codes.js';

const BY_CODE: ReadonlyMap<string, ErrorCode> = new Map(ERROR_CODES.map((entry) => [entry.code, entry]));

/**
 * Tells what a code means and what to do about it. Goes by the full code, because a prefix misleads both ways:
 * `UnsupportedOperation.InstanceStateStarting` passes by itself, `ResourceInsufficient.CloudDiskUnavailable` never does.
 */
export function classify(code: string): ErrorCode {
  return BY_CODE.get(code) ?? unlistedCode(code);
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
