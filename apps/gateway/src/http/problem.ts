import { HttpException } from '@nestjs/common';
import { AppError, type ErrorKind } from '#libs/errors';
import { isConnectionLost } from './lost-connection.js';
import { PROBLEM_TYPES, type ProblemCode } from './problem-types.js';

/** A problem document (RFC 9457), as it is sent. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly requestId: string;
  readonly [extension: string]: unknown;
}

/** A problem before it knows which request it answers. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | null;
}

const STATUS_OF_KIND: Record<ErrorKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  unprocessable: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
};

/** What the server itself refuses, before any code of ours runs, by the status that it chose. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'malformed_request',
  // What the server of static files will not show is not there.
  403: 'route_not_found',
  404: 'route_not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  413: 'body_too_large',
  414: 'uri_too_long',
  415: 'unsupported_media_type',
  431: 'headers_too_large',
};

/** The codes that no `AppError` has. */
export const EDGE_CODES: readonly string[] = [...Object.values(CODE_OF_STATUS), 'unavailable', 'internal_error'];

const RETRY_AFTER_MS = 1000;

/** What the caller may know of an error. Whatever is no refusal of ours says nothing but that it was not the caller's fault. */
export function faultOf(error: unknown): Fault {
  if (error instanceof AppError) {
    const { code, kind, publicMessage: detail, extensions, retryAfterMs } = error;
    return { status: STATUS_OF_KIND[kind], code, detail, extensions, retryAfterMs };
  }
  if (error instanceof HttpException) return edgeFault(error.getStatus());
  if (isConnectionLost(error)) return edgeFault(503);
  return edgeFault(500);
}

/** A fault that has no error behind it but a status. */
export function edgeFault(status: number): Fault {
  const code = status === 503 ? 'unavailable' : (CODE_OF_STATUS[status] ?? 'internal_error');
  const known = PROBLEM_TYPES[code];
  const retryAfterMs = known.status === 503 ? RETRY_AFTER_MS : null;
  return { status: known.status, code, detail: known.meaning, extensions: {}, retryAfterMs };
}

/** `origin` is how the caller reached us, such as `https://images.example.com`; the page behind `type` is there too. */
export function problemOf(
  fault: Fault,
  request: { readonly origin: string; readonly path: string; readonly id: string },
): Problem {
  return {
    type: `${request.origin}/problems/${fault.code}`,
    title: titleOf(fault),
    status: fault.status,
    detail: fault.detail,
    instance: request.path,
    code: fault.code,
    requestId: request.id,
    ...fault.extensions,
  };
}

function titleOf(fault: Fault): string {
  const types: Readonly<Record<string, { readonly title: string } | undefined>> = PROBLEM_TYPES;
  return types[fault.code]?.title ?? wordsOf(fault.code);
}

/** For a code that has no page yet: better its own words than those of another problem. */
function wordsOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
