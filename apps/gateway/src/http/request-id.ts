import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { withoutKeys } from '#libs/secret';

const SANE = /^[A-Za-z0-9._-]{1,128}$/;

/** The caller's own id where it can stand in a log as it is, else a new one: a key that was put there must not. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && SANE.test(given) && withoutKeys(given) === given ? given : randomUUID();
}
