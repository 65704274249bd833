/** What sort of fact an error code states. */
export type CodeClass =
  /** Not an error: the answer of a dry run that would have succeeded. */
  | 'success'
  /** The request, or what it names, must change first. */
  | 'caller'
  /** The instance, disk or snapshot is busy; that passes. */
  | 'state'
  /** A quota of the account is used up. */
  | 'quota'
  /** The key, its rights or the account's standing. */
  | 'credential'
  /** A temporary credential's token is no longer good: a fresh one may be. */
  | 'refresh_token'
  /** The clock of this machine is off. */
  | 'own_clock'
  /** The call came too fast; the gateway turned it away before anything could happen. */
  | 'rate'
  /** Perhaps an earlier attempt of the same request is what is in the way. */
  | 'reconcile'
  /** The cloud broke down while at it: nobody can tell what it did. */
  | 'unknown'
  /** This service called wrongly. */
  | 'bug';

/**
 * What to do about a code.
 *
 * - `succeed`: the dry run passed.
 * - `fail`: tell the caller; calling again changes nothing.
 * - `retry_state`: call again after a pause, for as long as the caller's patience lasts. Nothing was made.
 * - `retry_rate`: call again soon, and slow down by `rateScope`. Nothing was made, and it is no attempt of the caller's.
 * - `reconcile`: if an earlier attempt's outcome is unknown, or this one's is, look for the image by its name; else `fail`.
 * - `reconcile_then_retry_state`: if an earlier attempt's outcome is unknown, look for the image by its name, for that
 *   attempt may be what keeps the instance busy; else, or if there is none, `retry_state`.
 * - `refresh_credential`: where a role's session signed, get another and call again, as long as for `retry_state`; where a
 *   tenant's own key did, call once more and `fail` the second time.
 * - `retry_once`: sign afresh and call once more; `fail` the second time. Somebody must set the clock.
 */
export type CodeHandling =
  | 'succeed'
  | 'fail'
  | 'retry_state'
  | 'retry_rate'
  | 'reconcile'
  | 'reconcile_then_retry_state'
  | 'refresh_credential'
  | 'retry_once';

/** Which side a failure lies on, as callers of this service are told. */
export type CodeCategory = 'caller' | 'credential' | 'quota' | 'state' | 'rate_limit' | 'unknown_outcome' | 'internal';

/** The numbers in a rate refusal: how many calls were counted in the second, whoever made them, and how many may be. */
export interface RateRefusal {
  readonly countedCalls: number | null;
  readonly enforcedLimit: number | null;
}

/** Whose pace a rate refusal is about: this lane's, every lane of the account, or every lane of this process. */
export type RateScope = 'lane' | 'account' | 'all';

/** All that is known about one error code. */
export interface ErrorCode {
  readonly code: string;
  /** False for a code that is in no list: then the rest is the cautious guess of its family. */
  readonly listed: boolean;
  readonly class: CodeClass;
  readonly handling: CodeHandling;
  readonly category: CodeCategory;
  /** Whether the very same request may well succeed later. */
  readonly retryable: boolean;
  /** What the cloud means by it. */
  readonly meaning: string;
  /** What whoever sent the request can do about it. */
  readonly hint: string;
}
