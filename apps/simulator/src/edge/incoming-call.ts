import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { hostName } from './host.js';
import { parseAuthorization, type Tc3Authorization } from './tc3.js';

/** What the headers of a call say, before anything is believed. */
export interface IncomingCall {
  method: string;
  path: string;
  query: string;
  host: string;
  action: string | null;
  version: string | null;
  region: string | null;
  timestamp: string | null;
  token: string | null;
  traceId: string | null;
  authorizationHeader: string | null;
  /** Null when missing or malformed. */
  authorization: Tc3Authorization | null;
  contentType: string;
  headers: IncomingHttpHeaders;
}

export function readIncomingCall(request: IncomingMessage): IncomingCall {
  const { headers } = request;
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const authorizationHeader = headers.authorization ?? null;
  return {
    method: request.method ?? '',
    path,
    query,
    host: hostName(headers.host),
    action: headerText(headers, 'x-tc-action'),
    version: headerText(headers, 'x-tc-version'),
    region: headerText(headers, 'x-tc-region'),
    timestamp: headerText(headers, 'x-tc-timestamp'),
    token: headerText(headers, 'x-tc-token'),
    traceId: headerText(headers, 'x-tc-traceid'),
    authorizationHeader,
    authorization: authorizationHeader === null ? null : parseAuthorization(authorizationHeader),
    contentType: headers['content-type'] ?? '',
    headers,
  };
}

export function headerText(headers: IncomingHttpHeaders, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value.join(', ') : value) ?? null;
}
