import { WAIT_MAX_SECONDS } from './image-requests-query.dto.js';

const WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=$|[,;])/i;

/** The seconds of `Prefer: wait=N` (RFC 7240), at most 60; null without one. A preference that makes no sense is ignored. */
export function preferredWaitSeconds(prefer: string | readonly string[] | undefined): number | null {
  const seconds = WAIT.exec([prefer ?? []].flat().join(','))?.[1];
  return seconds === undefined ? null : Math.min(Number(seconds), WAIT_MAX_SECONDS);
}
