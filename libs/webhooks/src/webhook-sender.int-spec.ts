import { performance } from 'node:perf_hooks';
import { type Answer, type Receiver, startReceiver } from '#libs/testing';
import { parseCidrs } from './may-dial.js';
import { WebhookSender } from './webhook-sender.js';
import { type DialPolicy, type Resolve, WebhookUrlGuard } from './webhook-url.js';

const LOOPBACK: DialPolicy = { allowed: parseCidrs(['127.0.0.1/32']), allowedPorts: [], allowHttp: true };
const PUBLIC_ONLY: DialPolicy = { allowed: [], allowedPorts: [], allowHttp: true };
const TIMEOUT_MS = 300;

const resolvesTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

describe('WebhookSender', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((it) => it.close()));
  });

  async function receiver(answer?: Answer): Promise<Receiver> {
    const started = await startReceiver(answer);
    open.push(started);
    return started;
  }

  function sender(policy = LOOPBACK, resolve = resolvesTo('127.0.0.1'), timeoutMs = TIMEOUT_MS): WebhookSender {
    const made = new WebhookSender({ policy, timeoutMs }, resolve);
    open.push(made);
    return made;
  }

  /** Writes a byte every few milliseconds until the other side has had enough. */
  const drip =
    (start: string): Answer =>
    (response) => {
      const { socket } = response;
      socket?.write(start);
      const timer = setInterval(() => socket?.write('x'), 5);
      socket?.on('close', () => clearInterval(timer));
      socket?.on('error', () => undefined);
    };

  it('posts the body with the headers, and reads the answer', async () => {
    const { url, requests } = await receiver((response) =>
      response.writeHead(202, { 'retry-after': '7' }).end('thanks'),
    );
    const result = await sender().post(url, { 'x-a': 'b', 'content-type': 'text/plain' }, 'grüß');

    expect(result).toEqual({ statusCode: 202, error: null, responseBody: 'thanks', retryAfter: '7' });
    expect(requests).toMatchObject([{ method: 'POST', path: '/hook', body: 'grüß', headers: { 'x-a': 'b' } }]);
  });

  it('does not follow a redirect', async () => {
    const target = await receiver();
    const { url } = await receiver((response) => response.writeHead(307, { location: target.url }).end());

    expect((await sender().post(url, {}, '')).statusCode).toBe(307);
    expect(target.requests).toEqual([]);
  });

  it.each([
    ['headers', 'HTTP/1.1 200 OK\r\nx-slow: ', null],
    ['a body of unknown length', 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n', 200],
    ['a body that never fills up', 'HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n', 200],
  ])('cuts off %s that drip in slowly, at the timeout', async (_what, start, statusCode) => {
    const { url } = await receiver(drip(start));
    const startedMs = performance.now();
    const result = await sender().post(url, {}, '');

    expect(result).toMatchObject({ statusCode, error: `no complete answer within ${TIMEOUT_MS} ms` });
    expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + 500);
  });

  it('cuts off an answer that never comes, and a name that never resolves', async () => {
    const { url } = await receiver(() => undefined);
    const error = `no complete answer within ${TIMEOUT_MS} ms`;
    expect(await sender().post(url, {}, '')).toMatchObject({ statusCode: null, error });
    const unresolved = sender(LOOPBACK, () => new Promise(() => undefined));
    expect(await unresolved.post('http://hooks.example.com/', {}, '')).toMatchObject({ statusCode: null, error });
  });

  it('reads 20 kB of an answer without end, and hangs up', async () => {
    let closed: () => void;
    const hungUp = new Promise<void>((resolve) => (closed = resolve));
    const { url } = await receiver((response) => {
      response.on('close', () => closed());
      const more = (): void => {
        while (response.writable && response.write('ü'.repeat(4096)));
      };
      response.on('drain', more);
      more();
    });
    const result = await sender(LOOPBACK, undefined, 5000).post(url, {}, '');

    expect(result).toMatchObject({ statusCode: 200, error: null });
    expect(Buffer.byteLength(result.responseBody ?? '')).toBe(20_000);
    await hungUp;
  });

  it('keeps an answer that is no text in a form that can be stored', async () => {
    const { url } = await receiver((response) => response.end(Buffer.from([0x61, 0, 0xff, 0x62])));
    expect((await sender().post(url, {}, '')).responseBody).toBe('a\uFFFD\uFFFDb');
  });

  it('reports an answer that breaks off, one that is not HTTP, and a closed port', async () => {
    const broken = await receiver((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      setImmediate(() => response.destroy());
    });
    expect(await sender().post(broken.url, {}, '')).toMatchObject({
      statusCode: 200,
      error: expect.stringMatching(/closed before|reset/) as string,
    });
    const babbling = await receiver((response) => response.socket?.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expect((await sender().post(babbling.url, {}, '')).error).toMatch(/not valid HTTP/);
    const closed = await receiver();
    await closed.close();
    expect((await sender().post(closed.url, {}, '')).error).toBe('the connection was refused (ECONNREFUSED)');
  });

  describe('which address it dials', () => {
    const REFUSED = expect.stringContaining('ADDRESS_REFUSED') as string;

    it('refuses one that a harmless name leads to, before anything is sent', async () => {
      const { port, requests } = await receiver();
      for (const scheme of ['http', 'https']) {
        const result = await sender(PUBLIC_ONLY).post(`${scheme}://hooks.example.com:${port}/`, {}, 'secret');
        expect(result).toMatchObject({ statusCode: null, error: REFUSED });
      }
      expect(requests).toEqual([]);
    });

    it('refuses a name that was harmless when it was saved and leads elsewhere now', async () => {
      const { port, requests } = await receiver();
      const answers = [['1.1.1.1'], ['127.0.0.1']];
      const rebinding: Resolve = (name) => resolvesTo(...(answers.shift() ?? ['127.0.0.1']))(name);
      const url = await new WebhookUrlGuard(PUBLIC_ONLY, rebinding).check(`http://rebind.example.com:${port}/`);

      expect((await sender(PUBLIC_ONLY, rebinding).post(url, {}, '')).error).toEqual(REFUSED);
      expect(requests).toEqual([]);
    });

    it('refuses a literal address that slipped past the check at saving', async () => {
      const { port, requests } = await receiver();
      for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', '[::1]', '0.0.0.0'])
        expect((await sender(PUBLIC_ONLY).post(`http://${host}:${port}/`, {}, '')).statusCode).toBeNull();
      expect(requests).toEqual([]);
    });

    it('dials only those of several addresses that may be dialled', async () => {
      const { port, requests } = await receiver();
      const mixed = resolvesTo('127.0.0.2', '::1', '169.254.169.254', '127.0.0.1');

      expect((await sender(LOOPBACK, mixed).post(`http://mixed.example.com:${port}/`, {}, '')).statusCode).toBe(204);
      expect(requests).toHaveLength(1);
    });

    it('looks a name up once for each connection, and dials what that gave', async () => {
      const { port } = await receiver();
      let lookups = 0;
      const counting: Resolve = async (name) => {
        lookups += 1;
        return resolvesTo('127.0.0.1')(name);
      };
      await sender(LOOPBACK, counting).post(`http://hooks.example.com:${port}/`, {}, '');
      expect(lookups).toBe(1);
    });

    it('does not send to a URL that the operator no longer lets anyone call', async () => {
      const { url, requests } = await receiver();
      const result = await sender({ ...LOOPBACK, allowHttp: false }).post(url, {}, '');
      expect(result).toMatchObject({ statusCode: null, error: 'it must begin with https://' });
      expect(requests).toEqual([]);
    });
  });
});
