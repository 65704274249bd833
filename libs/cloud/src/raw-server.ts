import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawBody: string;
  readonly body: Record<string, unknown>;
  readonly remotePort: number;
}

export type Answer = (response: ServerResponse, request: SeenRequest, socket: Socket) => void;

/** For tests: a server on loopback that answers just as badly as it is told to, and remembers what it was asked. */
export class RawServer {
  readonly requests: SeenRequest[] = [];

  private constructor(
    private readonly server: Server,
    private answer: Answer,
  ) {}

  static async start(answer: Answer = (response) => response.end()): Promise<RawServer> {
    const http = createServer();
    const server = new RawServer(http, answer);
    http.on('request', (request: IncomingMessage, response: ServerResponse) => void server.serve(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Forgets what it saw and answers differently from now on. */
  respond(answer: Answer): void {
    this.requests.length = 0;
    this.answer = answer;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const rawBody = Buffer.concat(chunks).toString();
    const seen: SeenRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      rawBody,
      body: rawBody === '' ? {} : (JSON.parse(rawBody) as Record<string, unknown>),
      remotePort: request.socket.remotePort ?? 0,
    };
    this.requests.push(seen);
    this.answer(response, seen, request.socket);
  }
}

/** Answers as the cloud does: JSON around `Response`, with the status 200 even for an error. */
export function cloudAnswer(response: object): Answer {
  return (out) => {
    out.setHeader('content-type', 'application/json');
    out.end(JSON.stringify({ Response: response }));
  };
}
