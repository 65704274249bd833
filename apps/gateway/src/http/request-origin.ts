import type { FastifyRequest } from 'fastify';
import { withoutKeys } from '#libs/secret';

const HOST = /^[A-Za-z0-9.-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** How the caller reached us. The Host header is the caller's own word: anything that is no host gives way to `localhost`. */
export function originOf(request: FastifyRequest): string {
  return `${request.protocol}://${HOST.test(request.host) ? request.host : 'localhost'}`;
}

/** Without the query, which may hold what should not be repeated. */
export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? '/';
}

/** Of what a caller may make as long as it likes: enough to tell it by, and little to keep. */
const CHARACTERS_MAX = 200;

/** A short word of small letters and digits, such as those of our routes and the cloud's ids, or an id of ours; all keys are longer. */
const KEPT_SEGMENT = /^(?:[a-z0-9._-]{0,31}|[a-z]{2,4}_[a-z0-9]{26})$/;

/** The path as it may be kept: whatever a segment holds that is no word and no id, a key put in a wrong place, say, is a `*`. */
export function keptPathOf(request: FastifyRequest): string {
  const segments = pathOf(request).split('/');
  const kept = segments.map((segment) => (KEPT_SEGMENT.test(segment) ? segment : '*')).join('/');
  return kept.slice(0, CHARACTERS_MAX);
}

/** The path as its caller is told it again: a segment that holds a key is a `*`. */
export function instanceOf(request: FastifyRequest): string {
  const segments = pathOf(request).split('/');
  return segments.map((segment) => (withoutKeys(segment) === segment ? segment : '*')).join('/');
}

/** What the caller calls itself, as it may be kept; null when it does not say. */
export function userAgentOf(request: FastifyRequest): string | null {
  const agent = request.headers['user-agent'];
  return agent === undefined ? null : withoutKeys(agent).slice(0, CHARACTERS_MAX);
}
