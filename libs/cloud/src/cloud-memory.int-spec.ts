import { randomBytes } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import { Secret } from '#libs/secret';
import { CloudClient } from './cloud-client.js';
import { Endpoints } from './endpoints.js';
import { callOf, targetOf } from './test-calls.js';

/** Answers whatever it is sent, and keeps none of it: it lives in the very heap that is searched. */
class ForgetfulServer {
  readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<ForgetfulServer> {
    const answer = JSON.stringify({ Response: { ImageId: 'img-0yc6rie8', RequestId: 'req-1' } });
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${answer.length}\r\n\r\n`;
    const server = createServer();
    const forgetful = new ForgetfulServer(server);
    server.on('connection', (socket) => {
      forgetful.sockets.add(socket);
      socket.on('data', () => void socket.write(head + answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return forgetful;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Which of the marks stand in a string that something still holds. Taking the snapshot collects all garbage first. */
async function heldStrings(marks: readonly Buffer[]): Promise<readonly number[]> {
  const found = new Set<number>();
  let tail = Buffer.alloc(0);
  for await (const chunk of getHeapSnapshot() as AsyncIterable<Buffer>) {
    const text = Buffer.concat([tail, chunk]);
    marks.forEach((mark, index) => text.includes(mark) && found.add(index));
    tail = text.subarray(-100);
  }
  return [...found];
}

describe('A connection that is kept for the next call', () => {
  let server: ForgetfulServer;
  let client: CloudClient;

  beforeEach(async () => {
    server = await ForgetfulServer.start();
    const endpoints = new Endpoints({ cvmEndpoint: server.url, stsEndpoint: null });
    client = new CloudClient({ endpoints, timeoutMs: 5_000 });
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  /** Only bytes, outside of the heap, are left of the credential once it returns. */
  async function call(): Promise<readonly Buffer[]> {
    const marks = Array.from({ length: 3 }, () => Buffer.from(randomBytes(20).toString('hex')));
    const [secretId, secretKey, token] = marks.map((mark) => new Secret(mark.toString('latin1'))) as [
      Secret,
      Secret,
      Secret,
    ];
    const outcome = await client.createImage(
      targetOf({ credential: { secretId, secretKey, token } }),
      callOf(),
      'trace',
    );
    expect(outcome.kind).toBe('accepted');
    return marks;
  }

  it('holds neither id, key nor token of the credential that signed the one before', async () => {
    const marks = await call();
    // Until then, what ends the call stands on the stack itself.
    await turnOfTheLoop();

    expect(await heldStrings(marks)).toEqual([]);
    await call();
    expect(server.sockets.size).toBe(1);
  });
});
