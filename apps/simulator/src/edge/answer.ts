import type { ServerResponse } from 'node:http';

import type { ApiError } from '../api-error.js';

export interface Payload {
  Response: Record<string, unknown> & { RequestId: string };
}

export interface AnswerStyle {
  chunked: boolean;
  status?: number;
  contentType?: string;
}

export function successPayload(requestId: string, fields: Record<string, unknown>): Payload {
  return { Response: { ...fields, RequestId: requestId } };
}

export function errorPayload(requestId: string, error: Pick<ApiError, 'code' | 'message'>): Payload {
  return { Response: { Error: { Code: error.code, Message: error.message }, RequestId: requestId } };
}

/** Does nothing when the client has gone: what it asked for has happened all the same. */
export function sendBody(response: ServerResponse, body: string, style: AnswerStyle): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(body);
  response.statusCode = style.status ?? 200;
  response.setHeader('content-type', style.contentType ?? 'application/json');
  if (!style.chunked) {
    response.setHeader('content-length', bytes.length);
    response.end(bytes);
    return;
  }
  const middle = Math.floor(bytes.length / 2);
  response.write(bytes.subarray(0, middle));
  response.end(bytes.subarray(middle));
}
