import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { type Road, Transit } from './transit.js';

/** A process of its own, so that neither the judge nor those it judges can slow the road down. */
const transit = new Transit();
const road = createServer({ allowHalfOpen: true }, (client) => transit.carry(client));
const control = createHttpServer((request, response) => {
  void (async () => {
    if (request.method === 'PUT') transit.lead(JSON.parse(await textOf(request)) as Road);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(transit.callTimes()));
  })();
});

const [url, controlUrl] = await Promise.all([listen(road), listen(control)]);
console.log(JSON.stringify({ event: 'transit.listening', url, controlUrl }));

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
