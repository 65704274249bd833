import type { IncomingMessage, ServerResponse } from 'node:http';

import { ApiError } from '../api-error.js';
import type { Cloud } from '../cloud.js';
import { sendBody } from '../edge/answer.js';
import { readBody } from '../edge/request-body.js';
import { JsonFault } from '../json-reader.js';
import { ControlError } from './control-error.js';
import { controlRoute } from './control.routes.js';

export const CONTROL_PREFIX = '/_control/';

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/;

/** For tests only: no authentication, so it answers nobody but this machine. */
export async function serveControl(cloud: Cloud, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    assertLoopback(request);
    const url = new URL(request.url ?? '/', 'http://simulator');
    const { route, id } = controlRoute(request.method ?? '', url.pathname.slice(CONTROL_PREFIX.length));
    const body = parseBody(await readBody(request));
    send(response, 200, route({ cloud, id, query: url.searchParams, body }) ?? { ok: true });
  } catch (error) {
    send(response, statusOf(error), { error: (error as Error).message });
  }
}

function assertLoopback(request: IncomingMessage): void {
  if (LOOPBACK.test(request.socket.remoteAddress ?? '')) return;
  throw new ControlError(403, 'the control API answers only on the machine it runs on');
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new ControlError(400, 'the body is not valid JSON');
  }
}

function statusOf(error: unknown): number {
  if (error instanceof ControlError) return error.status;
  if (error instanceof JsonFault || error instanceof ApiError || error instanceof URIError) return 400;
  throw error;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  sendBody(response, `${JSON.stringify(body)}\n`, { chunked: false, status });
}
