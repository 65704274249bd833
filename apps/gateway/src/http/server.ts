import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '#libs/logging';
import { readJsonBodies } from './json-body.js';
import { edgeFault, problemOf } from './problem.js';
import { sendProblem } from './problem.filter.js';
import { requestIdOf } from './request-id.js';
import { logRequests } from './request-log.js';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** For a whole request to arrive; a slower one holds a connection that others could use. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Longer than every id; a longer part of a path names nothing. */
const PATH_PART_CHARACTERS = 200;

/** Fastify set up so that no answer escapes our conventions, those to requests that no route ever sees included. */
export function createServer(log: Log, trustedProxies: readonly string[]): FastifyAdapter {
  const adapter = new FastifyAdapter({
    // Only these may say for whom they pass a request on: X-Forwarded-* from anyone else is as if it were not there.
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // While it stops, requests that come on an open connection are still served; the answer closes the connection.
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: requestIdOf,
    routerOptions: { maxParamLength: PATH_PART_CHARACTERS },
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(request, reply, edgeFault(error.statusCode ?? 400), error);
    },
    clientErrorHandler: refuseUnreadable,
  });
  const server: FastifyInstance = adapter.getInstance();
  server.decorateRequest('holder', undefined);
  server.decorateRequest('failure', undefined);
  server.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-content-type-options', 'nosniff');
    // Some of these answers hold a key that is shown once, and all of them are one tenant's.
    if (request.url.startsWith('/v1/')) void reply.header('cache-control', 'no-store');
    done();
  });
  readJsonBodies(server);
  logRequests(server, log);
  return adapter;
}

const STATUS_OF_PARSE_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What arrived was no HTTP, so there is neither a request nor an id to answer with; the socket gets the words itself. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const fault = edgeFault(STATUS_OF_PARSE_ERROR[error.code ?? ''] ?? 400);
  const id = requestIdOf({ headers: {} });
  const body = JSON.stringify(problemOf(fault, { origin: 'http://localhost', path: '', id }));
  const head = [
    `HTTP/1.1 ${fault.status} ${fault.code}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}
