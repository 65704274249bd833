import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { nextFreePort } from './next-free-port.js';
import { readDelivery, type ReceivedEvent } from './received-event.js';
import { renderEvents, renderPage } from './receiver-page.js';

const KEPT_EVENTS = 100;
const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' };
/** Takes the service's webhooks on this machine: POST anything to /webhooks, look at them on /. */
export class Receiver {
  /** Signs the deliveries; known once the webhook endpoint is made. */
  secret: string | undefined;
  port = 0;
  private received = 0;
  private readonly events: ReceivedEvent[] = [];
  private readonly server: Server;

  constructor(private readonly onEvent: (event: ReceivedEvent) => void) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Steps on to the next port when another program has this one, even if it took it just now. */
  async listen(wanted: number): Promise<void> {
    const port = await nextFreePort(wanted);
    try {
      this.server.listen(port, '127.0.0.1');
      await once(this.server, 'listening');
      this.port = port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await this.listen(port + 1);
    }
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${new URL(request.url ?? '/', this.url).pathname}`;
    switch (route) {
      case 'POST /webhooks':
        response.writeHead(await this.receive(request)).end();
        return;
      case 'GET /':
        this.sendPage(response);
        return;
      case 'GET /events':
        response.writeHead(200, HTML).end(renderEvents(this.events));
        return;
      default:
        response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
    }
  }

  private sendPage(response: ServerResponse): void {
    const nonce = randomBytes(16).toString('base64');
    const own = `'nonce-${nonce}'`;
    const policy = `default-src 'none'; style-src ${own}; script-src ${own}; connect-src 'self'; img-src data:`;
    response.writeHead(200, { ...HTML, 'content-security-policy': policy }).end(renderPage(this.events, nonce));
  }

  private async receive(request: IncomingMessage): Promise<number> {
    const body = await text(request);
    this.received += 1;
    const delivery = { number: this.received, receivedAt: new Date(), headers: request.headers, body };
    const event = readDelivery(delivery, this.secret);
    this.events.unshift(event);
    this.events.splice(KEPT_EVENTS);
    this.onEvent(event);
    return event.verified ? 204 : 401;
  }
}
