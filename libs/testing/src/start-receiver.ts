import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspectRequests } from './inspections.js';
import type { ReceivedRequest } from './received-request.js';

/** Answers the request number `count`, counted from 1. */
export type Answer = (response: ServerResponse, request: ReceivedRequest, count: number) => void;

export interface Receiver {
  readonly url: string;
  readonly port: number;
  /** All that came so far, in order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  /** Inspects all that came, once nothing more can come. */
  close(): Promise<void>;
}

/** A real HTTP server on loopback that keeps what it gets. Answers 204 unless told otherwise. */
export async function startReceiver(answer: Answer = (response) => response.writeHead(204).end()): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '', headers } = incoming;
      const request = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(request);
      answer(response, request, requests.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    requests,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await inspectRequests(requests);
    },
  };
}
