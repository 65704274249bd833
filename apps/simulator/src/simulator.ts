import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Cloud } from './cloud.js';
import { CONTROL_PREFIX, serveControl } from './control/control-api.js';
import { CloudApi } from './edge/cloud-api.js';
import { listOf } from './json-reader.js';
import { readAccountOrder } from './state/account-order.js';

/** Above any client's own keep-alive, so that the simulator never closes a connection just as a call is sent on it. */
const KEEP_ALIVE_MS = 120_000;

export interface SimulatorOptions {
  host?: string;
  /** 0: any free port. */
  port?: number;
  /** Fixes ids, fault shares and latencies. Unset: a new one each time. */
  seed?: number;
  imageDurationMs?: number;
  /** As the body of `POST /_control/sub-accounts`, one for each. */
  accounts?: unknown[];
}

export interface Simulator {
  url: string;
  /** Cuts every open connection, those too of calls that hang. */
  close(): Promise<void>;
}

/** Resolves once calls can be made. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = '127.0.0.1', port = 0, seed = randomInt(2 ** 32), imageDurationMs = 3000 } = options;
  const accounts = listOf(readAccountOrder)(options.accounts ?? [], 'accounts');
  const cloud = new Cloud({ seed, imageDurationMs, accounts });
  const closing = new AbortController();
  const api = new CloudApi(cloud, (ms) => sleep(ms, undefined, { signal: closing.signal }));

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const isControl = request.url?.startsWith(CONTROL_PREFIX);
    const served = isControl ? serveControl(cloud, request, response) : api.serve(request, response);
    served.catch((error: unknown) => giveUp(error, request, response));
  });
  const { port: actualPort } = await listen(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`,
    close: () => close(server, closing),
  };
}

/** The client is gone, the simulator is closing, or it has a bug: only the last is worth a word. */
function giveUp(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  const isOver = request.destroyed || (error instanceof Error && error.name === 'AbortError');
  if (!isOver) console.error(error);
  response.destroy();
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function close(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
