import type { IncomingMessage } from 'node:http';

import { ApiError } from '../api-error.js';

const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Reads to the end even when the body is too long, so that the refusal can still be sent; keeps no more than allowed. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let receivedBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    receivedBytes += chunk.length;
    if (receivedBytes <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (receivedBytes > BODY_BYTES_MAX) {
    throw new ApiError('RequestSizeLimitExceeded', `The request exceeds ${BODY_BYTES_MAX} bytes.`);
  }
  return Buffer.concat(chunks);
}

/** An empty body is an empty object, as with an SDK call that has no parameters. */
export function parseParameters(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  const parsed = parseJson(body.toString('utf8'));
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new ApiError('InvalidRequest', 'The request body must be a JSON object.');
  }
  return parsed as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('InvalidRequest', 'The request body is not valid JSON.');
  }
}
