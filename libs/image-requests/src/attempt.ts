import { CREDENTIAL_REJECTIONS } from '#libs/cloud';
import type { AttemptId, ImageRequestId, TenantId } from '#libs/ids';

/** What became of a call: see `CreateImageOutcome` of `libs/cloud`. */
export type AttemptOutcome = 'accepted' | 'refused' | 'unknown' | 'not_sent';

/** One call of CreateImage. Its row is committed before the call; `outcome` is null until the answer is known. */
export interface Attempt {
  readonly id: AttemptId;
  readonly imageRequestId: ImageRequestId;
  readonly tenantId: TenantId;
  readonly number: number;
  readonly endpoint: string;
  readonly region: string;
  readonly lane: string;
  readonly startedAt: Date;
  /** From when the request could first have been called to its token. */
  readonly tokenWaitMs: number;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly outcome: AttemptOutcome | null;
  readonly code: string | null;
  readonly cause: string | null;
  readonly upstreamRequestId: string | null;
  /** The image that the cloud named in its answer. */
  readonly imageId: string | null;
}

/** How an attempt ended. */
export interface AttemptResult {
  readonly outcome: AttemptOutcome;
  readonly durationMs: number | null;
  readonly code: string | null;
  readonly cause: string | null;
  readonly upstreamRequestId: string | null;
  readonly imageId: string | null;
}

/**
 * Whether the cloud has judged, or may have judged, what a request asks for. A call that was not sent, or was turned away
 * because of the credential that signed it, has got no further than the door.
 */
export function wasHeard({ outcome, code }: Attempt): boolean {
  return outcome !== 'not_sent' && !wasRejected({ outcome, code });
}

/** How many of the latest calls, one after the other, were turned away because of the credential that signed them. */
export function rejectedInARow(attempts: readonly Attempt[]): number {
  const sent = attempts.filter(({ outcome }) => outcome !== 'not_sent');
  const heard = sent.findLastIndex((attempt) => !wasRejected(attempt));
  return sent.length - 1 - heard;
}

function wasRejected({ outcome, code }: Pick<Attempt, 'outcome' | 'code'>): boolean {
  return outcome === 'refused' && code !== null && CREDENTIAL_REJECTIONS.includes(code);
}
