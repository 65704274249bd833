import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '#libs/logging';
import { keptPathOf } from './request-origin.js';

/** Names every answer and writes one line for each request when it has ended. Neither bodies nor headers are in it. */
export function logRequests(server: FastifyInstance, log: Log): void {
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    write(log, request, reply);
    done();
  });
}

function write(log: Log, request: FastifyRequest, reply: FastifyReply): void {
  const { holder, failure } = request;
  const line = {
    event: 'http_request.answered',
    request_id: request.id,
    method: request.method,
    route: request.routeOptions.url ?? null,
    path: keptPathOf(request),
    status: reply.statusCode,
    code: failure?.code ?? null,
    tenant_id: holder?.kind === 'tenant' ? holder.caller.tenantId : null,
    api_key_id: holder === undefined ? null : holder.kind === 'tenant' ? holder.apiKey.id : 'admin',
    ip: request.ip,
    duration_ms: Math.round(reply.elapsedTime),
  };
  if (failure?.error === undefined) log.info(line);
  else log.error({ ...line, error: failure.error });
}
