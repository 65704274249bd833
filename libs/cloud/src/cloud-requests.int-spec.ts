import { createHash, createHmac } from 'node:crypto';
import { Agent as HttpsAgent } from 'node:https';
import { connect } from 'node:net';
import { Secret } from '#libs/secret';
import { createCloudAgents } from './cloud-agents.js';
import { CloudClient } from './cloud-client.js';
import { Endpoints } from './endpoints.js';
import { cloudAnswer, RawServer, type SeenRequest } from './raw-server.js';
import { callOf, SECRET_ID, SECRET_KEY, targetOf, TOKEN } from './test-calls.js';

const TRACE_ID = 'ireq_01h455vb4pex5vsknk084sn02q';
const OWN_HOSTS = new Endpoints({ cvmEndpoint: null, stsEndpoint: null });
/** The regions that the CreateImage page lists. */
const REGIONS = [
  'ap-bangkok',
  'ap-beijing',
  'ap-chengdu',
  'ap-chongqing',
  'ap-guangzhou',
  'ap-hongkong',
  'ap-jakarta',
  'ap-nanjing',
  'ap-seoul',
  'ap-shanghai',
  'ap-shanghai-fsi',
  'ap-shenzhen-fsi',
  'ap-singapore',
  'ap-tokyo',
  'eu-frankfurt',
  'na-ashburn',
  'na-siliconvalley',
  'sa-saopaulo',
];

/** Takes the place of TLS and DNS, so that the cloud's own hosts can be called without leaving this machine. */
class LoopbackAgent extends HttpsAgent {
  constructor(private readonly serverPort: number) {
    super({ keepAlive: true });
  }

  override createConnection() {
    return connect(this.serverPort, '127.0.0.1');
  }
}

describe('CloudClient', () => {
  let server: RawServer;
  let client: CloudClient;

  beforeEach(async () => {
    server = await RawServer.start(cloudAnswer({ ImageId: 'img-0yc6rie8', RequestId: 'req-1' }));
    const agents = { ...createCloudAgents(), https: new LoopbackAgent(server.port) };
    client = new CloudClient({ endpoints: OWN_HOSTS, timeoutMs: 5_000, agents });
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  function seen(): SeenRequest {
    const [request, ...others] = server.requests;
    expect(others).toEqual([]);
    return request!;
  }

  describe.each(['intl', 'china'] as const)('on the %s site', (site) => {
    it.each(REGIONS)('calls the host that serves %s, and says so', async (region) => {
      await client.createImage(targetOf({ site, region }), callOf(), TRACE_ID);

      const isRegional = site === 'china' || region.endsWith('-fsi');
      const { headers, url } = seen();
      expect(headers.host).toBe(`cvm.${isRegional ? region : 'intl'}.tencentcloudapi.com`);
      expect(url).toBe('/');
      expect(headers['x-tc-region']).toBe(region);
      expect(headers.authorization).toContain('/cvm/tc3_request');
    });
  });

  it('signs as TC3-HMAC-SHA256 prescribes, with the header of every call it makes', async () => {
    await client.createImage(targetOf(), callOf({ imageDescription: 'Größe 尺寸' }), TRACE_ID);

    const { headers, rawBody, method } = seen();
    expect(method).toBe('POST');
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-tc-action': 'CreateImage',
      'x-tc-version': '2017-03-12',
      'x-tc-region': 'ap-singapore',
      'x-tc-token': TOKEN,
      'x-tc-language': 'en-US',
      'x-tc-traceid': TRACE_ID,
    });
    expect(headers.authorization).toBe(signatureOf(headers['x-tc-timestamp'] as string, headers.host!, rawBody));
  });

  it('sends no token with a permanent credential', async () => {
    const credential = { secretId: new Secret(SECRET_ID), secretKey: new Secret(SECRET_KEY), token: null };
    await client.createImage(targetOf({ credential }), callOf(), TRACE_ID);
    expect(seen().headers).not.toHaveProperty('x-tc-token');
  });

  it.each([
    ['id', { secretId: new Secret(''), secretKey: new Secret(SECRET_KEY), token: null }],
    ['key', { secretId: new Secret(SECRET_ID), secretKey: new Secret(''), token: null }],
  ])('sends nothing without a secret %s', async (_part, credential) => {
    await expect(client.createImage(targetOf({ credential }), callOf(), TRACE_ID)).rejects.toThrow('a credential has');
    expect(server.requests).toEqual([]);
  });

  it('sends the parameters of the call and nothing else', async () => {
    await client.createImage(targetOf(), callOf({ tags: [{ key: 'team', value: 'web' }] }), TRACE_ID);
    expect(seen().body).toEqual({
      ImageName: 'web-2026-01-01',
      InstanceId: 'ins-1a2b3c4d',
      ForcePoweroff: 'false',
      TagSpecification: [{ ResourceType: 'image', Tags: [{ Key: 'team', Value: 'web' }] }],
    });
  });

  it('pays no heed to a proxy of the environment', async () => {
    const proxy = await RawServer.start();
    // oxlint-disable-next-line node/no-process-env -- The SDK reads it, whatever this repository does.
    const environment = process.env;
    const before = environment['http_proxy'];
    environment['http_proxy'] = proxy.url;
    try {
      await client.createImage(targetOf(), callOf(), TRACE_ID);
    } finally {
      delete environment['http_proxy'];
      if (before !== undefined) environment['http_proxy'] = before;
      await proxy.stop();
    }

    expect(server.requests).toHaveLength(1);
    expect(proxy.requests).toEqual([]);
  });

  it('calls the endpoint of the settings, with the region in it', async () => {
    const endpoints = new Endpoints({
      cvmEndpoint: `http://cvm.{region}.example.test:${server.port}`,
      stsEndpoint: null,
    });
    const agents = createCloudAgents({
      lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    const own = new CloudClient({ endpoints, timeoutMs: 5_000, agents });
    await own.createImage(targetOf({ region: 'ap-tokyo' }), callOf(), TRACE_ID);
    own.close();

    expect(seen().headers.host).toBe(`cvm.ap-tokyo.example.test:${server.port}`);
    expect(seen().headers.authorization).toContain('/cvm/tc3_request');
  });

  it('keeps calls of many accounts and regions apart when they run at once', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `n${n}`);
    await Promise.all(
      names.map((imageName, n) => {
        const secretId = new Secret(`AKID${imageName}`);
        const credential = { secretId, secretKey: new Secret(SECRET_KEY), token: null };
        const region = REGIONS[n % REGIONS.length]!;
        return client.createImage(targetOf({ credential, region, site: 'china' }), callOf({ imageName }), imageName);
      }),
    );

    expect(server.requests).toHaveLength(50);
    for (const { headers, body } of server.requests) {
      const imageName = body['ImageName'] as string;
      const region = REGIONS[Number(imageName.slice(1)) % REGIONS.length]!;
      expect(headers.authorization).toContain(`Credential=AKID${imageName}/`);
      expect(headers).toMatchObject({
        host: `cvm.${region}.tencentcloudapi.com`,
        'x-tc-region': region,
        'x-tc-traceid': imageName,
      });
    }
  });

  it.each([
    ['intl', 'ap-tokyo', 'sts.intl.tencentcloudapi.com', 'ap-guangzhou'],
    ['china', 'ap-tokyo', 'sts.tencentcloudapi.com', 'ap-guangzhou'],
    ['intl', 'ap-shanghai-fsi', 'sts.ap-shanghai-fsi.tencentcloudapi.com', 'ap-shanghai-fsi'],
    ['china', 'ap-shenzhen-fsi', 'sts.ap-shenzhen-fsi.tencentcloudapi.com', 'ap-shenzhen-fsi'],
  ] as const)('asks the STS of %s and %s who a credential belongs to', async (site, region, host, sentRegion) => {
    await client.getCallerIdentity(targetOf({ site, region }), TRACE_ID);
    expect(seen().body).toEqual({});
    expect(seen().headers).toMatchObject({
      host,
      'x-tc-action': 'GetCallerIdentity',
      'x-tc-version': '2018-08-13',
      'x-tc-region': sentRegion,
    });
    expect(seen().headers.authorization).toContain('/sts/tc3_request');
  });
});

/** The signature by the cloud's published steps, worked out without the SDK. */
function signatureOf(timestamp: string, host: string, body: string): string {
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const signed = `content-type:application/json\nhost:${host}\n`;
  const request = ['POST', '/', '', signed, 'content-type;host', sha256(body)].join('\n');
  const scope = `${date}/cvm/tc3_request`;
  const toSign = ['TC3-HMAC-SHA256', timestamp, scope, sha256(request)].join('\n');
  const key = hmac(hmac(hmac(`TC3${SECRET_KEY}`, date), 'cvm'), 'tc3_request');
  const signature = hmac(key, toSign).toString('hex');
  return `TC3-HMAC-SHA256 Credential=${SECRET_ID}/${scope}, SignedHeaders=content-type;host, Signature=${signature}`;
}
