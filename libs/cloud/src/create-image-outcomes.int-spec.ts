import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type LookupFunction, type Server, type Socket } from 'node:net';
import { createCloudAgents } from './cloud-agents.js';
import { CloudClient } from './cloud-client.js';
import { Endpoints } from './endpoints.js';
import type { CreateImageOutcome } from './outcomes.js';
import { type Answer, cloudAnswer, RawServer } from './raw-server.js';
import { callOf, SECRET_ID, SECRET_KEY, targetOf, TOKEN } from './test-calls.js';

const TRACE_ID = 'ireq_01h455vb4pex5vsknk084sn02q';

function clientFor(cvmEndpoint: string, timeoutMs = 5_000, lookup?: LookupFunction): CloudClient {
  const agents = createCloudAgents(lookup === undefined ? {} : { lookup });
  return new CloudClient({ endpoints: new Endpoints({ cvmEndpoint, stsEndpoint: null }), timeoutMs, agents });
}

function body(status: number, type: string, text: string): Answer {
  return (response) => response.writeHead(status, { 'content-type': type }).end(text);
}

const json = (text: string): Answer => body(200, 'application/json', text);
const failure = (code: unknown, message = 'no'): Answer =>
  cloudAnswer({ Error: { Code: code, Message: message }, RequestId: 'req-1' });

describe('CloudClient.createImage', () => {
  let server: RawServer;
  let client: CloudClient;

  beforeAll(async () => {
    server = await RawServer.start();
    client = clientFor(server.url);
  });
  afterAll(async () => {
    client.close();
    await server.stop();
  });

  function create(by = client, changes = {}, signal?: AbortSignal): Promise<CreateImageOutcome> {
    return by.createImage(targetOf(), callOf(changes), TRACE_ID, { signal });
  }

  describe('when the cloud gives a clear answer', () => {
    it('returns the image that was accepted', async () => {
      server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
      expect(await create()).toEqual({
        kind: 'accepted',
        imageId: 'img-0yc6rie8',
        requestId: 'req-1',
        durationMs: expect.any(Number) as number,
      });
    });

    it('returns the refusal with the code and the words of the cloud', async () => {
      server.respond(failure('InvalidImageName.Duplicate', 'The name is taken.'));
      expect(await create()).toMatchObject({
        kind: 'refused',
        code: 'InvalidImageName.Duplicate',
        message: 'The name is taken.',
        requestId: 'req-1',
      });
    });

    it.each([
      ['the code DryRunOperation', failure('DryRunOperation')],
      ['an answer without an image', cloudAnswer({ RequestId: 'req-1' })],
      ['an answer with no image', cloudAnswer({ ImageId: null, RequestId: 'req-1' })],
    ])('accepts a dry run that passes with %s', async (_form, answer) => {
      server.respond(answer);
      expect(await create(client, { dryRun: true })).toMatchObject({
        kind: 'accepted',
        imageId: null,
        requestId: 'req-1',
      });
    });
  });

  describe('when the answer leaves open whether an image was ordered', () => {
    const cases: [string, Answer][] = [
      ['an empty body', json('')],
      ['a page instead of JSON', body(200, 'text/html', '<html>maintenance</html>')],
      ['JSON that is cut off', json('{"Response":{"ImageId":"img-0yc6')],
      ['JSON without Response', json('{}')],
      ['JSON that is null', json('null')],
      ['JSON that is a list', json('[]')],
      ['a Response that is null', json('{"Response":null}')],
      ['a Response that is text', json('{"Response":"img-0yc6rie8"}')],
      ['an empty Response', cloudAnswer({})],
      ['a Response without an image', cloudAnswer({ RequestId: 'req-1' })],
      ['an image that is null', cloudAnswer({ ImageId: null, RequestId: 'req-1' })],
      ['an image with an empty id', cloudAnswer({ ImageId: '', RequestId: 'req-1' })],
      ['an image with a number for its id', cloudAnswer({ ImageId: 7, RequestId: 'req-1' })],
      ['an error without a code', cloudAnswer({ Error: {}, RequestId: 'req-1' })],
      ['an error with an empty code', failure('')],
      ['an error with a number for its code', failure(500)],
      ['a dry run that nobody asked for', failure('DryRunOperation')],
      ['an internal error', failure('InternalError')],
      ['an internal error of a kind', failure('InternalError.SystemError')],
      ['an internal server error', failure('InternalServerError')],
      ['an unavailable service', failure('ServiceUnavailable')],
      ['a bad gateway', body(502, 'text/html', '<html>Bad Gateway</html>')],
      [
        'a status of 500 with a code in its body',
        body(
          500,
          'application/json',
          JSON.stringify({ Response: { Error: { Code: 'InvalidParameter', Message: '' } } }),
        ),
      ],
      ['a status of 429', body(429, 'text/plain', 'slow down')],
      ['a status of 204', body(204, 'application/json', '')],
      [
        'an event stream that breaks off',
        (response, _request, socket) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}');
          setImmediate(() => socket.resetAndDestroy());
        },
      ],
      [
        'an event stream that never ends',
        (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}'),
      ],
      ['an event stream', body(200, 'text/event-stream', 'data: {}\n\n')],
      [
        'an answer that is not compressed as it says',
        (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"Response":{}}'),
      ],
      ['a connection that ends before the answer', (_response, _request, socket) => socket.destroy()],
      ['a connection that is reset before the answer', (_response, _request, socket) => socket.resetAndDestroy()],
      ['an answer that is not HTTP', (_response, _request, socket) => socket.end('hello\r\n\r\n')],
      [
        'a chunked answer that breaks off',
        (response, _request, socket) => {
          response.write('{"Response":');
          setImmediate(() => socket.destroy());
        },
      ],
      [
        'a chunked answer that is reset',
        (response, _request, socket) => {
          response.write('{"Response":');
          setImmediate(() => socket.resetAndDestroy());
        },
      ],
    ];

    it.each(cases)('calls the outcome unknown after %s, and calls once', async (_name, answer) => {
      server.respond(answer);
      expect(await create()).toMatchObject({ kind: 'unknown', cause: expect.stringMatching(/./) as string });
      expect(server.requests).toHaveLength(1);
    });

    it('names the code and the request of an error that leaves it open', async () => {
      server.respond(failure('InternalError'));
      expect(await create()).toMatchObject({ code: 'InternalError', requestId: 'req-1' });
    });

    it('does not take the missing image of a dry run for success without a request id', async () => {
      server.respond(cloudAnswer({}));
      expect(await create(client, { dryRun: true })).toMatchObject({ kind: 'unknown' });
    });
  });

  describe('when time runs out', () => {
    const stalls: [string, Answer][] = [
      ['nothing comes', () => undefined],
      ['the body never begins', (response) => response.writeHead(200, { 'content-length': '20' }).flushHeaders()],
      ['the body stops half way', (response) => response.writeHead(200, { 'content-length': '20' }).write('{"Respon')],
      [
        'the body is cut short of its length',
        (response, _request, socket) => {
          response.writeHead(200, { 'content-length': '20' }).write('{"Respon');
          setImmediate(() => socket.destroy());
        },
      ],
      [
        'the body comes a byte at a time',
        (response, _request, socket) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const drip = setInterval(() => response.write(' '), 20);
          socket.once('close', () => clearInterval(drip));
        },
      ],
    ];

    it.each(stalls)('ends the whole call in less than a second when told to, though %s', async (_name, answer) => {
      server.respond(answer);
      const hasty = clientFor(server.url, 250);
      const outcome = await create(hasty);
      hasty.close();

      expect(outcome).toMatchObject({ kind: 'unknown' });
      expect(outcome.durationMs).toBeLessThan(450);
    });

    it('gives up at once when its caller does', async () => {
      const caller = new AbortController();
      server.respond(() => caller.abort());
      expect(await create(client, {}, caller.signal)).toMatchObject({
        kind: 'unknown',
        cause: 'given up by the caller',
      });
    });

    it('lets go of the connection of an answer that it did not read to the end', async () => {
      let closed: Promise<unknown> = Promise.resolve();
      server.respond((response, _request, socket) => {
        closed = new Promise((resolve) => socket.once('close', resolve));
        response.writeHead(502).write('<html>');
      });
      await create();
      await closed;
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('when nothing can have been sent', () => {
    const nowhere: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []);
    const silent: LookupFunction = () => undefined;
    const twoAddresses: LookupFunction = (_host, _options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]);

    it.each([
      ['http', 'the port is closed', undefined, 'no connection: ECONNREFUSED'],
      ['https', 'the port is closed', undefined, 'no connection: ECONNREFUSED'],
      ['http', 'each address of the host refuses', twoAddresses, 'no connection: ECONNREFUSED'],
      ['http', 'the host has no address', nowhere, 'no connection: ENOTFOUND'],
      ['https', 'the host has no address', nowhere, 'no connection: ENOTFOUND'],
      ['http', 'the address is never found', silent, 'no full answer within 250 ms'],
    ])('says so over %s when %s', async (scheme, _name, lookup, cause) => {
      const port = await closedPort();
      const host = lookup === undefined ? '127.0.0.1' : 'cvm.example.test';
      const lost = clientFor(`${scheme}://${host}:${port}`, 250, lookup);
      expect(await create(lost)).toMatchObject({ kind: 'not_sent', cause });
      lost.close();
    });

    it('says so when its caller had given up before', async () => {
      server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
      expect(await create(client, {}, AbortSignal.abort())).toMatchObject({ kind: 'not_sent' });
      expect(server.requests).toHaveLength(0);
    });

    it('says so of a call that cannot be written, such as one with a line break in a header', async () => {
      server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
      expect(await client.createImage(targetOf(), callOf(), 'trace\nid')).toMatchObject({
        kind: 'not_sent',
        cause: 'the call cannot be written as HTTP',
      });
      expect(server.requests).toHaveLength(0);
    });

    it('never sends later what it said was not sent', async () => {
      server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
      let found = (): void => undefined;
      const slow: LookupFunction = (_host, _options, callback) => {
        found = () => callback(null, [{ address: '127.0.0.1', family: 4 }]);
      };
      const hasty = clientFor(`http://cvm.example.test:${server.port}`, 100, slow);
      expect(await create(hasty)).toMatchObject({ kind: 'not_sent' });
      found();
      await create();
      hasty.close();

      expect(server.requests).toHaveLength(1);
    });

    it('does not say so once a connection stood, even one that never spoke TLS', async () => {
      const mute = await muteServer();
      const lost = clientFor(`https://127.0.0.1:${mute.port}`, 250);
      expect(await create(lost)).toMatchObject({ kind: 'unknown' });
      lost.close();
      mute.close();
    });
  });

  describe('when it is redirected', () => {
    it.each([301, 302, 303, 307, 308])('does not follow a %i, so no other host sees the token', async (status) => {
      const elsewhere = await RawServer.start(cloudAnswer({ ImageId: 'img-stolen00', RequestId: 'req-2' }));
      server.respond((response) => response.writeHead(status, { location: `${elsewhere.url}/` }).end());
      const outcome = await create();
      await elsewhere.stop();

      expect(outcome).toMatchObject({ kind: 'unknown', cause: 'the answer was a redirect' });
      expect(elsewhere.requests).toEqual([]);
    });

    it('does not order twice when it is redirected to the same host', async () => {
      server.respond((response) => response.writeHead(307, { location: '/' }).end());
      expect(await create()).toMatchObject({ kind: 'unknown' });
      expect(server.requests).toHaveLength(1);
    });

    it.each([undefined, 'http://['])('calls a redirect to %s unknown', async (location) => {
      server.respond((response) => response.writeHead(302, location === undefined ? {} : { location }).end());
      expect(await create()).toMatchObject({ kind: 'unknown' });
    });
  });

  it('reads all of many chunked answers that come at once', async () => {
    server.respond((response, request) => {
      response.setHeader('content-type', 'application/json');
      response.write('{"Response":');
      setImmediate(() => response.end(`{"ImageId":"img-${String(request.body['ImageName'])}","RequestId":"r"}}`));
    });
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, n) => create(client, { imageName: `n${n}` })));
    expect(outcomes.map((outcome) => (outcome.kind === 'accepted' ? outcome.imageId : outcome.kind))).toEqual(
      Array.from({ length: 200 }, (_, n) => `img-n${n}`),
    );
  });

  it('keeps its connection warm from one call to the next', async () => {
    server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
    const warm = clientFor(server.url);
    await create(warm);
    await create(warm);
    warm.close();
    expect(new Set(server.requests.map((request) => request.remotePort)).size).toBe(1);
  });

  it('calls the outcome unknown when a warm connection dies under the call', async () => {
    server.respond(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
    const warm = clientFor(server.url);
    await create(warm);
    server.respond((_response, _request, socket) => socket.resetAndDestroy());
    expect(await create(warm)).toMatchObject({ kind: 'unknown' });
    warm.close();
  });

  describe('the news that a call is on its way', () => {
    /** More than the buffers of both sides hold, so that the system can't take all of it while nobody reads. */
    const LONG = 'x'.repeat(32 * 1024 * 1024);
    let gate: PromiseWithResolvers<void>;
    let arrived: PromiseWithResolvers<void>;
    let slow: HttpServer;
    let client: CloudClient;

    beforeEach(async () => {
      gate = Promise.withResolvers();
      arrived = Promise.withResolvers();
      slow = createHttpServer((request, response) => {
        const length = Number(request.headers['content-length']);
        if (length > LONG.length) arrived.resolve();
        void (length > LONG.length ? gate.promise : Promise.resolve()).then(() => {
          request.resume().on('end', () => {
            response.writeHead(200, { 'content-type': 'application/json' });
            response.end('{"Response":{"ImageId":"img-0yc6rie8","RequestId":"req-1"}}');
          });
        });
      });
      await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
      client = clientFor(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`, 60_000);
    });
    afterEach(async () => {
      client.close();
      slow.closeAllConnections();
      await new Promise((resolve) => slow.close(resolve));
    });

    function send(imageDescription: string | null, news: string[]): Promise<CreateImageOutcome> {
      const onSentWarm = (): void => void news.push('sent');
      return client.createImage(targetOf(), callOf({ imageDescription }), TRACE_ID, { onSentWarm });
    }

    it('never comes for a connection that had to be made', async () => {
      const news: string[] = [];
      await send(null, news);
      expect(news).toEqual([]);
    });

    it('comes for one that stood, once the system has taken the last byte, and no sooner', async () => {
      const news: string[] = [];
      await send(null, news);
      const call = send(LONG, news);
      await arrived.promise;
      news.push('the first bytes have arrived');
      gate.resolve();
      await call;
      expect(news).toEqual(['the first bytes have arrived', 'sent']);
    });
  });

  describe('secrets', () => {
    const echo = `${SECRET_ID} ${SECRET_KEY} ${TOKEN}`;
    it.each<[string, Answer]>([
      ['a message', failure('AuthFailure.SignatureFailure', `wrong: ${echo}`)],
      ['a page', body(200, 'text/html', echo)],
      ['a status line', (response) => response.writeHead(500, echo).end()],
      [
        'a redirect',
        (response) => response.writeHead(302, { location: `http://127.0.0.1:1/?${encodeURI(echo)}` }).end(),
      ],
    ])('stay out of the outcome when the other side echoes them in %s', async (_where, answer) => {
      server.respond(answer);
      const outcome = JSON.stringify(await create());
      for (const secret of [SECRET_ID, SECRET_KEY, TOKEN]) expect(outcome).not.toContain(secret);
    });
  });
});

async function closedPort(): Promise<number> {
  const server = await muteServer();
  await new Promise<void>((resolve) => server.server.close(() => resolve()));
  return server.port;
}

/** Accepts connections and says nothing. */
async function muteServer(): Promise<{ server: Server; port: number; close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { server, port: (server.address() as AddressInfo).port, close };
}
