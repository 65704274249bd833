import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { edgeFault, type Fault, faultOf, problemOf } from './problem.js';
import { instanceOf, originOf, pathOf } from './request-origin.js';
import { RouteTable } from './route-table.js';

/** The only place where an error becomes a status. Every error, Fastify's own too, leaves as a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly routes: RouteTable) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const allowed = isUnrouted(error, request) ? this.routes.methodsOf(pathOf(request)) : [];
    if (allowed.length > 0) void reply.header('allow', allowed.join(', '));
    sendProblem(request, reply, allowed.length > 0 ? edgeFault(405) : faultOf(error), error);
  }
}

/** Also for what never reaches Nest, such as a URL that cannot be decoded. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, fault: Fault, error: unknown): void {
  request.failure = { code: fault.code, error: fault.status >= 500 ? error : undefined };
  if (reply.sent || reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  const problem = problemOf(fault, { origin: originOf(request), path: instanceOf(request), id: request.id });
  if (fault.retryAfterMs !== null) void reply.header('retry-after', Math.ceil(fault.retryAfterMs / 1000));
  const challenge = challengeFor(fault);
  if (challenge !== null) void reply.header('www-authenticate', challenge);
  if (fault.status === 413) readOn(request, reply);
  void reply
    .code(fault.status)
    .header('x-request-id', request.id)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem));
}

/** A body up to here is read and forgotten, so that whoever still sends it gets to read the answer. */
const FORGOTTEN_BYTES_MAX = 8 * 1024 * 1024;

/** Fastify would close the connection under a body that is still on its way, and the caller would see a reset, not a 413. */
function readOn(request: FastifyRequest, reply: FastifyReply): void {
  const length = Number(request.headers['content-length']);
  if (!(length <= FORGOTTEN_BYTES_MAX)) return;
  reply.removeHeader('connection');
  request.raw.resume();
}

function isUnrouted(error: unknown, request: FastifyRequest): boolean {
  return request.is404 && error instanceof HttpException && error.getStatus() === 404;
}

/** RFC 6750: a request without a key gets no error code, so that it does not learn more than that one is needed. */
function challengeFor({ code, status, extensions }: Fault): string | null {
  const realm = 'Bearer realm="CVM Image Service"';
  if (code === 'insufficient_scope')
    return `${realm}, error="insufficient_scope", scope="${String(extensions['requiredScope'])}"`;
  if (status !== 401) return null;
  return code === 'missing_api_key' ? realm : `${realm}, error="invalid_token"`;
}
