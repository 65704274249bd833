import { signTc3 } from '../src/edge/tc3.js';
import { ALICE, startWorld, type World } from './cloud-clients.js';

interface Call {
  body?: string;
  /** Added to the headers of a good call; undefined takes one away. */
  headers?: Record<string, string | undefined>;
  /** As they enter the signature; the call sends them as `headers` says. */
  signed?: Record<string, string>;
  path?: string;
}

describe('The protocol, call by call', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  async function send(call: Call): Promise<{ status: number; code: string | null; response: Record<string, unknown> }> {
    const { body = '{}', headers = {}, path = '/' } = call;
    const timestampSeconds = Math.floor(Date.now() / 1000);
    const signedHeaders = {
      'content-type': 'application/json',
      host: new URL(world.simulator.url).hostname,
      ...call.signed,
    };
    const scope = {
      secretId: ALICE.secretId,
      date: new Date(timestampSeconds * 1000).toISOString().slice(0, 10),
      service: 'cvm',
      signedHeaders: Object.keys(signedHeaders).toSorted(),
    };
    const signature = signTc3(
      { method: 'POST', path, query: '', headers: signedHeaders, body: Buffer.from(body), timestampSeconds },
      scope,
      ALICE.secretKey,
    );
    const sent = {
      'content-type': 'application/json',
      'x-tc-action': 'DescribeImages',
      'x-tc-version': '2017-03-12',
      'x-tc-region': 'ap-guangzhou',
      'x-tc-timestamp': String(timestampSeconds),
      authorization:
        `TC3-HMAC-SHA256 Credential=${scope.secretId}/${scope.date}/cvm/tc3_request, ` +
        `SignedHeaders=${scope.signedHeaders.join(';')}, Signature=${signature}`,
      ...headers,
    };
    const kept = new Headers();
    for (const [name, value] of Object.entries(sent)) if (value !== undefined) kept.set(name, value);
    const answer = await fetch(world.simulator.url + path, { method: 'POST', body, headers: kept });
    const { Response: response } = (await answer.json()) as {
      Response: { Error?: { Code: string }; RequestId: string };
    };
    return { status: answer.status, code: response.Error?.Code ?? null, response };
  }

  it('takes a good call, and gives each answer a RequestId of its own', async () => {
    const [first, second] = [await send({}), await send({})];

    expect([first.code, second.code]).toEqual([null, null]);
    expect(first.response['RequestId']).not.toBe(second.response['RequestId']);
  });

  it.each<[string, Call]>([
    ['host signed with its port', { signed: { host: 'PORT' } }],
    ['another signed header', { signed: { 'x-tc-action': 'DescribeImages' } }],
    ['another signed header, lower-cased', { signed: { 'x-tc-action': 'describeimages' } }],
    [
      'a content type with a parameter, lower-cased for the signature',
      {
        headers: { 'content-type': 'application/json; charset=UTF-8' },
        signed: { 'content-type': 'application/json; charset=utf-8' },
      },
    ],
    ['an empty body', { body: '' }],
  ])('takes %s', async (_, call) => {
    const signed = call.signed?.['host'] === 'PORT' ? { host: new URL(world.simulator.url).host } : call.signed;

    expect((await send({ ...call, ...(signed ? { signed } : {}) })).code).toBeNull();
  });

  it.each<[string, Call]>([
    ['MissingParameter', { headers: { 'x-tc-action': undefined } }],
    ['MissingParameter', { headers: { 'x-tc-version': undefined } }],
    ['MissingParameter', { headers: { 'x-tc-region': undefined } }],
    ['MissingParameter', { headers: { 'x-tc-timestamp': undefined } }],
    ['MissingParameter', { headers: { authorization: undefined } }],
    ['InvalidAction', { headers: { 'x-tc-action': 'RunInstances' } }],
    ['InvalidAction', { headers: { 'x-tc-action': 'constructor' } }],
    ['InvalidAction', { headers: { 'x-tc-version': '2018-08-13' } }],
    ['NoSuchVersion', { headers: { 'x-tc-version': '2017-03-13' } }],
    ['UnsupportedRegion', { headers: { 'x-tc-region': 'moon-1' } }],
    ['InvalidParameter', { headers: { 'x-tc-timestamp': 'today' } }],
    ['AuthFailure.InvalidAuthorization', { headers: { authorization: 'Bearer token' } }],
    ['AuthFailure.SignatureFailure', { signed: { host: 'cvm.tencentcloudapi.com' } }],
    ['AuthFailure.SignatureFailure', { signed: { 'content-type': 'text/plain' } }],
    ['AuthFailure.TokenFailure', { headers: { 'x-tc-token': 'token' } }],
    ['InvalidRequest', { body: '{"Limit": 1' }],
    ['InvalidRequest', { body: '[]' }],
    ['InvalidRequest', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
    ['InvalidRequest', { path: '/elsewhere' }],
    ['UnknownParameter', { body: '{"limit": 1}' }],
    ['InvalidParameter', { body: '{"Limit": "1"}' }],
    ['InvalidParameterValue.InvalidParameterValueLimit', { body: '{"Limit": 101}' }],
    ['InvalidFilter', { body: '{"Filters": [{"Name": "image-state", "Values": ["NORMAL"]}]}' }],
    [
      'InvalidFilterValue.LimitExceeded',
      { body: '{"Filters": [{"Name": "image-id", "Values": ["1","2","3","4","5","6"]}]}' },
    ],
    [
      'InvalidParameter.InvalidParameterCoexistImageIdsFilters',
      { body: '{"ImageIds": ["img-00000000"], "Filters": [{"Name": "image-id", "Values": ["img-00000000"]}]}' },
    ],
    ['InvalidImageId.Malformed', { body: '{"ImageIds": ["img-1"]}' }],
  ])('refuses with %s: %j', async (code, call) => {
    expect(await send(call)).toMatchObject({ status: 200, code });
  });

  it('counts an arrival although its signature is wrong', async () => {
    await world.control.changeSettings({ limits: { DescribeImages: 1 } });
    await send({ signed: { host: 'elsewhere' } });

    expect((await send({})).code).toBe('RequestLimitExceeded');
  });
});
