import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { type Receiver, startReceiver, waitFor } from '#libs/testing';
import { setEnvironment } from '../../../test/support/environment.js';
import { selfSigned } from '../../../test/support/self-signed.js';
import { parseCidrs } from './may-dial.js';
import { WebhookSender } from './webhook-sender.js';
import type { DialPolicy, Resolve } from './webhook-url.js';

const LOOPBACK: DialPolicy = { allowed: parseCidrs(['127.0.0.1/32']), allowedPorts: [], allowHttp: true };
const TIMEOUT_MS = 400;
const LATE = `no complete answer within ${TIMEOUT_MS} ms`;
/** What a timer may be late by while other tests run. */
const SLACK_MS = 1500;

const toLoopback: Resolve = async () => [{ address: '127.0.0.1', family: 4 }];

describe('A receiver', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const closing: (() => unknown)[] = [];

  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  });

  async function listening(server: Server): Promise<number> {
    servers.push(server);
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  /** Answers each request, that is each chunk which comes, in its own way. */
  async function raw(answer: (socket: Socket, count: number) => void): Promise<string> {
    let count = 0;
    const port = await listening(createServer((socket) => socket.on('data', () => answer(socket, ++count))));
    return `http://127.0.0.1:${port}/`;
  }

  async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
    const started = await startReceiver(...args);
    closing.push(() => started.close());
    return started;
  }

  function sender(timeoutMs = TIMEOUT_MS): WebhookSender {
    const made = new WebhookSender({ policy: LOOPBACK, timeoutMs }, toLoopback);
    closing.push(() => made.close());
    return made;
  }

  /** Writes as long as the other side is there. */
  function flood(socket: Socket, start: string, chunk: string): void {
    socket.write(start);
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  }

  describe('that redirects', () => {
    it.each([301, 302, 303, 307, 308])('with %i has not taken the event, and is not followed', async (status) => {
      const target = await receiver();
      const { url } = await receiver((response) => response.writeHead(status, { location: target.url }).end());

      expect(await sender().post(url, {}, '')).toMatchObject({ statusCode: status, error: null });
      expect(target.requests).toEqual([]);
    });
  });

  describe('that floods', () => {
    it.each([
      ['one endless header', 'HTTP/1.1 200 OK\r\nx-flood: ', 'x'.repeat(4096)],
      ['endless headers', 'HTTP/1.1 200 OK\r\n', 'x-flood: y\r\n'.repeat(300)],
      ['an endless status line', 'HTTP/1.1 200 ', 'x'.repeat(4096)],
      ['endless interim answers', '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(100)],
      ['an endless continuation', '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
    ])('with %s is cut off', async (_what, start, chunk) => {
      const url = await raw((socket) => flood(socket, start, chunk));
      const startedMs = performance.now();

      const result = await sender().post(url, {}, '');
      expect(result).toMatchObject({ statusCode: null, error: expect.any(String) as string });
      expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
      await waitFor(() => sockets.size === 0);
    });

    it.each([
      ['a body without end', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(4096)],
      [
        'chunks without end',
        'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
        '400\r\n' + 'x'.repeat(0x400) + '\r\n',
      ],
    ])('with %s has 20 kB of it read', async (_what, start, chunk) => {
      const url = await raw((socket) => flood(socket, start, chunk));
      const result = await sender(5000).post(url, {}, '');

      expect(result).toMatchObject({ statusCode: 200, error: null, responseBody: 'x'.repeat(20_000) });
      await waitFor(() => sockets.size === 0);
    });

    it('with trailers is cut off', async () => {
      const start = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n';
      const url = await raw((socket) => flood(socket, start, 'x-flood: y\r\n'.repeat(300)));

      expect((await sender().post(url, {}, '')).error).toEqual(expect.any(String));
      await waitFor(() => sockets.size === 0);
    });

    it('by a compressed body gets none of it unpacked', async () => {
      const bomb = gzipSync(Buffer.alloc(1_000_000, 'x'));
      const { url } = await receiver((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
      const { statusCode, error, responseBody } = await sender(5000).post(url, {}, '');

      expect({ statusCode, error }).toEqual({ statusCode: 200, error: null });
      expect(responseBody).toBe(bomb.toString('utf8').replaceAll('\0', '\uFFFD'));
    });
  });

  describe('that stalls', () => {
    it('before it shakes hands is cut off at the timeout', async () => {
      const port = await listening(createServer());
      const startedMs = performance.now();

      expect(await sender().post(`https://hooks.example.com:${port}/`, {}, '')).toMatchObject({ error: LATE });
      expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    });

    it('while it shakes hands, byte by byte, is cut off at the timeout', async () => {
      const port = await listening(
        createServer((socket) => {
          socket.write(Buffer.from([0x16, 0x03, 0x03, 0x40, 0x00]));
          const timer = setInterval(() => socket.write(Buffer.from([0x02])), 10);
          socket.on('close', () => clearInterval(timer));
        }),
      );
      expect(await sender().post(`https://hooks.example.com:${port}/`, {}, '')).toMatchObject({ error: LATE });
      await waitFor(() => sockets.size === 0);
    });

    it('by never taking the connection is cut off at the timeout', async () => {
      // Its thread sleeps once it listens, so the kernel keeps one or two connections waiting, and answers no more.
      const script = `require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
        require('node:fs').writeSync(1, String(this.address().port));
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
      });`;
      const sleeper = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      const [chunk] = (await once(sleeper.stdout, 'data')) as [Buffer];
      const port = Number(chunk.toString());
      const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
      closing.push(() => {
        for (const socket of waiting) socket.destroy();
        sleeper.kill('SIGKILL');
        return once(sleeper, 'exit');
      });
      await waitFor(() => waiting.some((socket) => socket.readyState === 'open'));

      expect(await sender().post(`http://127.0.0.1:${port}/`, {}, '')).toMatchObject({ statusCode: null, error: LATE });
    });

    it('by interim answers, one at a time, is cut off at the timeout', async () => {
      const url = await raw((socket) => {
        const timer = setInterval(() => socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      });
      expect(await sender().post(url, {}, '')).toMatchObject({ statusCode: null, error: LATE });
    });
  });

  describe('that says more than it was asked', () => {
    const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno';
    const POISON = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison';

    it.each([
      ['with its answer', (socket: Socket) => socket.write(OK + POISON)],
      ['after its answer', (socket: Socket) => socket.write(OK, () => setTimeout(() => socket.write(POISON), 10))],
      [
        'in a body that a 204 has not',
        (socket: Socket) =>
          socket.write(`HTTP/1.1 204 No Content\r\ncontent-length: ${POISON.length}\r\n\r\n${POISON}`),
      ],
    ])('%s has answered one event, not two', async (_when, first) => {
      const url = await raw((socket, count) => (count === 1 ? first(socket) : socket.write(OK.replace('no', 'me'))));
      const reused = sender(5000);
      await reused.post(url, {}, 'first');
      await waitFor(() => sockets.size === 0);

      expect(await reused.post(url, {}, 'second')).toMatchObject({ statusCode: 200, error: null, responseBody: 'me' });
    });
  });

  describe('that shares an address with another', () => {
    it('shares no connection with it', async () => {
      const ports = new Map<string, Set<number>>();
      const server = http.createServer((request, response) => {
        const { host = '' } = request.headers;
        ports.set(host, (ports.get(host) ?? new Set()).add(request.socket.remotePort ?? 0));
        request.resume().on('end', () => response.writeHead(204).end());
      });
      const port = await listening(server);
      const shared = sender(5000);
      for (let round = 0; round < 3; round += 1) {
        for (const name of ['a.example.com', 'b.example.com', '127.0.0.1'])
          expect(await shared.post(`http://${name}:${port}/`, {}, '')).toMatchObject({ statusCode: 204 });
      }

      const used = [...ports.values()].flatMap((seen) => [...seen]);
      expect([...ports.keys()]).toEqual([`a.example.com:${port}`, `b.example.com:${port}`, `127.0.0.1:${port}`]);
      expect(new Set(used).size).toBe(used.length);
    });
  });

  describe('that speaks something else', () => {
    it.each([
      ['HTTP/0.9', '<html>hello</html>'],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['Redis', "-ERR unknown command 'POST'\r\n"],
      ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
      ['nothing', ''],
    ])('(%s) has not taken the event', async (_what, text) => {
      const url = await raw((socket) => socket.end(text));
      expect(await sender().post(url, {}, '')).toMatchObject({ statusCode: null, error: expect.any(String) as string });
    });

    it('in whatever way, ends its own attempt and nothing else', async () => {
      const part = fc.oneof(
        fc.constantFrom(
          'HTTP/1.1 200 OK\r\n',
          'HTTP/1.1 103 Early Hints\r\n\r\n',
          'HTTP/1.0 204 No Content\r\n',
          'HTTP/1.1 999 What\r\n',
          'HTTP/1.1 101 Up\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
          'content-length: 5\r\n',
          'content-length: -1\r\n',
          'transfer-encoding: chunked\r\n',
          'connection: keep-alive\r\n',
          'retry-after: 1\r\n',
          '\r\n',
          '5\r\nhello\r\n',
          '0\r\n\r\n',
          'ffffffffffffffffff\r\n',
        ),
        fc.string({ unit: 'binary', maxLength: 20 }),
      );
      let answer = '';
      const url = await raw((socket) => socket.end(answer));
      const patient = sender(5000);
      await fc.assert(
        fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
          answer = parts.join('');
          const { statusCode, error } = await patient.post(url, {}, 'event');
          expect(statusCode !== null || error !== null).toBe(true);
        }),
        { numRuns: 300 },
      );
    });
  });

  describe('over TLS', () => {
    const NAME = 'hooks.example.com';
    const identity = selfSigned(NAME);
    const trusted = tls.getCACertificates('default');
    let url: string;

    beforeEach(async () => {
      const server = tls.createServer(identity, (socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
      });
      server.on('tlsClientError', () => undefined);
      url = `https://${NAME}:${await listening(server)}/`;
    });
    afterEach(() => tls.setDefaultCACertificates(trusted));

    it('gets nothing while its certificate is not trusted, whatever the environment says', async () => {
      closing.push(setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }));
      const anyone = tls.connect({ port: Number(new URL(url).port), host: '127.0.0.1', servername: NAME });
      await once(anyone, 'secureConnect');
      anyone.destroy();

      const error = 'the certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT)';
      expect(await sender(5000).post(url, {}, '')).toMatchObject({ statusCode: null, error });
    });

    it('gets what is meant for its own name, and nothing else', async () => {
      tls.setDefaultCACertificates([...trusted, identity.cert]);
      expect(await sender(5000).post(url, {}, '')).toMatchObject({ statusCode: 204, error: null });

      const error = 'the certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID)';
      const other = url.replace(NAME, 'other.example.com');
      expect(await sender(5000).post(other, {}, '')).toMatchObject({ statusCode: null, error });
    });
  });

  it('is called directly, whatever proxies the environment names', async () => {
    const proxy = await receiver();
    const { url, port, requests } = await receiver();
    const proxyUrl = new URL(proxy.url).origin;
    const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'];
    const settings = { ...Object.fromEntries(variables.map((name) => [name, proxyUrl])), NODE_USE_ENV_PROXY: '1' };
    closing.push(setEnvironment(settings), http.setGlobalProxyFromEnv(settings));
    http.get(url).on('error', () => undefined);
    await waitFor(() => proxy.requests.length === 1);

    const direct = sender(5000);
    expect(await direct.post(url, {}, '')).toMatchObject({ statusCode: 204 });
    expect(await direct.post(`http://hooks.example.com:${port}/`, {}, '')).toMatchObject({ statusCode: 204 });
    expect((await direct.post(`https://hooks.example.com:${port}/`, {}, '')).error).toContain('TLS');
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
    expect(proxy.requests).toHaveLength(1);
  });
});
