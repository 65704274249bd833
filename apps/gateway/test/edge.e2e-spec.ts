import { connect } from 'node:net';
import { once } from 'node:events';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ApiClient } from '../../../test/support/api-client.js';
import { type GatewayAlone, startGatewayAlone, STARTING_MS } from '../../../test/support/gateway-alone.js';

interface Problem {
  readonly code: string;
  readonly type: string;
  readonly requestId: string;
}

describe('At its edge, the gateway', () => {
  let gateway: GatewayAlone;
  let anyone: ApiClient;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    anyone = new ApiClient(gateway.url, null);
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  /** What comes back for bytes that no HTTP client would send. */
  async function raw(request: string): Promise<string> {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(request);
    await once(socket, 'close');
    return answer;
  }

  it.each([
    ['GET', '/v1/nothing', 404, 'route_not_found'],
    ['GET', '/v1/accounts/a/b/c', 404, 'route_not_found'],
    ['DELETE', '/v1/image-requests', 405, 'method_not_allowed'],
    ['PUT', '/v1/accounts/acc_x', 405, 'method_not_allowed'],
    ['GET', '/v1/accounts/%zz', 400, 'malformed_request'],
    ['GET', `/v1/accounts/${'x'.repeat(250)}`, 414, 'uri_too_long'],
    ['GET', '/problems/nothing', 404, 'not_found'],
  ])('answers %s %s with %i %s, as a problem document', async (method, path, status, code) => {
    const answer = await anyone.call<Problem>(method, path);

    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers.get('x-request-id')).toBe(answer.body.requestId);
    expect(answer.body.type).toBe(`${gateway.url}/problems/${code}`);
  });

  it('lists the methods that there are', async () => {
    const answer = await anyone.call('DELETE', '/v1/image-requests');

    expect(answer.headers.get('allow')).toBe('GET, HEAD, POST');
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 'HTTP/1.1 400', 'malformed_request'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'HTTP/1.1 431',
      'headers_too_large',
    ],
    [
      'a host that is none',
      'GET /nothing HTTP/1.1\r\nHost: "><script>\r\nConnection: close\r\n\r\n',
      'HTTP/1.1 404',
      'http://localhost/problems/route_not_found',
    ],
  ])('answers %s with a problem document', async (_what, request, status, words) => {
    const answer = await raw(request);

    expect(answer).toContain(status);
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain(words);
    expect(answer).not.toContain('<script>');
  });

  it.each([
    ['build-4711', true],
    ['a b', false],
    ['x'.repeat(129), false],
    ['"><script>', false],
  ])("takes the caller's request id %p where it is sane", async (given, isTaken) => {
    const answer = await anyone.call<Problem>('GET', '/v1/me', undefined, { 'x-request-id': given });

    expect(answer.headers.get('x-request-id') === given).toBe(isTaken);
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
  });

  it('explains each problem where its type leads', async () => {
    const { body } = await anyone.call<Problem>('GET', '/v1/me');
    const page = await fetch(body.type);

    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('<code>missing_api_key</code>');
    expect((await fetch(`${gateway.url}/problems`)).status).toBe(200);
  });

  it('is live and ready, and shows people the way', async () => {
    expect(await anyone.read('/health/live')).toEqual({ status: 'live' });
    expect(await anyone.read('/health/ready')).toEqual({
      status: 'ready',
      checks: { postgres: 'ok', redis: 'ok', schema: 'ok' },
    });
    expect(await (await fetch(gateway.url)).text()).toContain('href="/docs"');
  });

  it('writes one line for each request, with neither its body nor its key', async () => {
    const tenant = await gateway.createTenant(['accounts:write']);
    const secretKey = 'canary-of-the-log';
    await tenant.api.call(
      'POST',
      '/v1/accounts?x=canary-of-the-query',
      {
        name: 'x',
        credential: { type: 'static', secretId: 'AKIDcanaryOfTheLog', secretKey },
      },
      { 'x-request-id': 'line-1' },
    );
    const written = () =>
      gateway.process
        .logs()
        .split('\n')
        .filter((line) => line.includes('"request_id":"line-1"'));
    const lines = await waitFor(() => (written().length > 0 ? written() : null));

    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        event: 'http_request.answered',
        method: 'POST',
        route: '/v1/accounts',
        path: '/v1/accounts',
        tenant_id: tenant.id,
        api_key_id: tenant.keyId,
        duration_ms: expect.any(Number) as number,
      }),
    ]);
    expect(gateway.process.logs()).not.toMatch(/canary/i);
    expect(gateway.process.logs()).not.toContain(tenant.key);
    expect(gateway.process.logs()).not.toContain(gateway.adminKey);
  });
});
