import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonicMs } from '../monotonic.js';
import type { Arrival, Conduct } from './conduct.js';

/** A process of its own, so that neither the workers nor who writes the events can make an arrival look later than it was. */
const SLOW_MS = 2000;
const COUNT = Number(process.argv[2]);

interface Request {
  readonly receiver: number;
  readonly atMs: number;
  readonly body: string;
  readonly isTaken: boolean;
}

let requests: Request[] = [];
const conducts: Conduct[] = Array.from({ length: COUNT }, () => 'works');
const taken: number[] = Array.from({ length: COUNT }, () => 0);

const servers = conducts.map((_, receiver) =>
  createServer((request, response) => {
    void textOf(request).then((body) => {
      const conduct = conducts[receiver] ?? 'works';
      const isTaken = conduct === 'works' || conduct === 'slow';
      requests.push({ receiver, atMs: monotonicMs(), body, isTaken });
      answer(response, conduct);
      if (isTaken) taken[receiver] = (taken[receiver] ?? 0) + 1;
    }, ignore);
  }),
);

const control = createServer((request, response) => {
  void (async () => {
    if (request.method === 'PUT') Object.assign(conducts, JSON.parse(await textOf(request)));
    if (request.method === 'DELETE') forget();
    const answered = request.url === '/arrivals' ? requests.map(arrivalOf) : taken;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered));
  })();
});

const [controlUrl, ...urls] = await Promise.all([control, ...servers].map(listen));
console.log(JSON.stringify({ event: 'receivers.listening', controlUrl, urls }));

function answer(response: ServerResponse, conduct: Conduct): void {
  const end = (status: number): void => void response.writeHead(status).end();
  if (conduct === 'works') end(204);
  else if (conduct === 'fails') end(500);
  else if (conduct === 'down') end(503);
  else if (conduct === 'slow') setTimeout(() => end(204), SLOW_MS);
}

function forget(): void {
  requests = [];
  taken.fill(0);
}

/** Read only when it is asked for: while something is measured, a receiver does no more than it must. */
function arrivalOf({ body, ...request }: Request): Arrival {
  const { id, subject, sequence } = JSON.parse(body) as { id: string; subject: string; sequence: number };
  return { ...request, eventId: id, subject, sequence };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A sender that goes away in the middle has sent nothing. */
function ignore(): void {}
