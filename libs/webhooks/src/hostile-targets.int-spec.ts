import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type DnsServer, type Lookup, startDnsServer } from '../../../test/support/dns-server.js';
import { guardedConnect } from './guarded-connect.js';
import { parseCidrs } from './may-dial.js';
import { WebhookSender } from './webhook-sender.js';
import { type DialPolicy, WebhookUrlGuard } from './webhook-url.js';

/** http, so that nothing but the guard stands between a URL and its target. */
const PUBLIC_ONLY: DialPolicy = { allowed: [], allowedPorts: [], allowHttp: true };
const LOOPBACK: DialPolicy = { ...PUBLIC_ONLY, allowed: parseCidrs(['127.0.0.1/32']) };
const REFUSED = 'the name leads to a private, local or reserved address, which may not be called (ADDRESS_REFUSED)';

/** Refused when they are saved. `:PORT` is where somebody listens on every address of this machine. */
const HOSTILE_URLS = [
  'http://127.0.0.1:PORT/',
  'http://127.0.0.1.:PORT/',
  'http://127.255.255.254:PORT/',
  'http://127.1:PORT/',
  'http://127.0.1:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f000001:PORT/',
  'http://0X7F.0.0.1:PORT/',
  'http://0x7f.1:PORT/',
  'http://0177.0.0.1:PORT/',
  'http://017700000001:PORT/',
  'http://00000177.0x0.0.1:PORT/',
  'http://%31%32%37.0.0.1:PORT/',
  'http://１２７.0.0.1:PORT/',
  'http://①②⑦.⓪.⓪.①:PORT/',
  'http://127。0。0。1:PORT/',
  'http://127.0.0.1\u00ad:PORT/',
  'http://127.0.\u200b0.1:PORT/',
  'http://127.0.0.\t1:PORT/',
  'http://hooks.example.com:PORT\\@127.0.0.1:PORT/',
  'http:\\\\127.0.0.1:PORT/',
  'http:127.0.0.1:PORT/',
  'http://user@127.0.0.1:PORT/',
  'http://hooks.example.com@127.0.0.1:PORT/',
  'http://hooks.example.com:80@127.0.0.1:PORT/',
  'http://127.0.0.1:PORT#@hooks.example.com/',
  'http://0.0.0.0:PORT/',
  'http://0:PORT/',
  'http://0x0:PORT/',
  'http://localhost:PORT/',
  'http://LocalHost.:PORT/',
  'http://hooks.localhost:PORT/',
  'http://[::1]:PORT/',
  'http://[0:0:0:0:0:0:0:1]:PORT/',
  'http://[::]:PORT/',
  'http://[::%31]:PORT/',
  'http://[fe80::1%25lo]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::ffff:7f00:1]:PORT/',
  'http://[0:0:0:0:0:ffff:0:0]:PORT/',
  'http://[::ffff:0:127.0.0.1]:PORT/',
  'http://[::127.0.0.1]:PORT/',
  'http://[::7f00:1]:PORT/',
  'http://[64:ff9b::7f00:1]:PORT/',
  'http://[64:ff9b::a9fe:a9fe]:PORT/',
  'http://[64:ff9b:1::a9fe:a9fe]:PORT/',
  'http://[2002:7f00:1::]:PORT/',
  'http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]:PORT/',
  'http://[2400:3200::5efe:7f00:1]:PORT/',
  'http://[fe80::1]:PORT/',
  'http://[fec0::1]:PORT/',
  'http://[fc00::1]:PORT/',
  'http://[fd00:ec2::254]:PORT/',
  'http://[ff02::1]:PORT/',
  'http://[100::1]:PORT/',
  'http://[5f00::1]:PORT/',
  'http://[2001:db8::1]:PORT/',
  'http://10.0.0.1:PORT/',
  'http://172.16.0.1:PORT/',
  'http://192.168.0.1:PORT/',
  'http://169.254.169.254:PORT/latest/meta-data/',
  'http://169.254.0.23:PORT/latest/meta-data/',
  'http://0xa9fea9fe:PORT/',
  'http://2852039166:PORT/',
  'http://0251.0376.0251.0376:PORT/',
  'http://100.64.0.1:PORT/',
  'http://100.100.100.200:PORT/',
  'http://168.63.129.16:PORT/',
  'http://192.0.0.192:PORT/',
  'http://192.0.2.1:PORT/',
  'http://198.18.0.1:PORT/',
  'http://224.0.0.1:PORT/',
  'http://240.0.0.1:PORT/',
  'http://255.255.255.255:PORT/',
  'ftp://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_POST',
  'https://127.0.0.1:PORT/',
] as const;

/** Names that already lead nowhere but inside when they are saved. */
const HOSTILE_NAMES: Readonly<Record<string, Lookup>> = {
  'loopback.example.com': ['127.0.0.1'],
  'loopback6.example.com': ['::1'],
  'both.example.com': ['127.0.0.1', '::1'],
  'mapped.example.com': ['::ffff:127.0.0.1'],
  'mapped-metadata.example.com': ['::ffff:169.254.169.254'],
  'compatible.example.com': ['::127.0.0.1'],
  'nat64.example.com': ['64:ff9b::7f00:1'],
  'local-nat64.example.com': ['64:ff9b:1::7f00:1'],
  'unspecified.example.com': ['0.0.0.0', '::'],
  'private.example.com': ['10.0.0.1', '172.16.0.1', '192.168.0.1'],
  'metadata.example.com': ['169.254.169.254'],
  'tencent-metadata.example.com': ['169.254.0.23'],
  'unique-local.example.com': ['fd00:ec2::254'],
  'carrier.example.com': ['100.64.0.1'],
  'multicast.example.com': ['224.0.0.1', 'ff02::1'],
  'alias.example.com': ['cname:loopback.example.com', '127.0.0.1'],
  'chain.example.com': ['cname:a.example.net', 'cname:b.example.org', 'cname:localhost', '127.0.0.1', '::1'],
  'crowd.example.com': Array.from({ length: 25 }, (_, index) => `127.0.0.${index + 1}`),
};

/** Names that are harmless, or lead nowhere, when they are saved, and inside from then on. */
const REBINDING_NAMES: Readonly<Record<string, readonly [Lookup, Lookup]>> = {
  'to-loopback.example.com': [['1.1.1.1'], ['127.0.0.1']],
  'to-loopback6.example.com': [['2606:4700:4700::1111'], ['::1']],
  'to-other-family.example.com': [['1.1.1.1'], ['::1']],
  'to-mapped.example.com': [['1.1.1.1'], ['::ffff:127.0.0.1']],
  'to-unspecified.example.com': [['1.1.1.1'], ['0.0.0.0']],
  'to-private.example.com': [
    ['1.1.1.1', '1.0.0.1'],
    ['10.0.0.1', '192.168.0.1'],
  ],
  'to-metadata.example.com': [['1.1.1.1'], ['169.254.169.254']],
  'to-alias.example.com': [['1.1.1.1'], ['cname:inside.example.com', '127.0.0.1']],
  'to-crowd.example.com': [['1.1.1.1'], Array.from({ length: 25 }, (_, index) => `127.0.0.${index + 1}`)],
  'from-mixed.example.com': [['127.0.0.1', '1.1.1.1'], ['127.0.0.1']],
  'from-nothing.example.com': ['NXDOMAIN', ['127.0.0.1']],
  'from-empty.example.com': [[], ['127.0.0.1']],
  'from-failure.example.com': ['SERVFAIL', ['127.0.0.1']],
  'from-silence.example.com': ['silence', ['127.0.0.1']],
};

/** Names that lead inside and to 127.0.0.1, which counts as public here, in every order. */
const MIXED_NAMES: Readonly<Record<string, Lookup>> = {
  'first.example.com': ['127.0.0.1', '127.0.0.2', '169.254.169.254', '::1'],
  'last.example.com': ['127.0.0.2', '10.0.0.1', '::1', '127.0.0.1'],
  'aliased.example.com': ['cname:elsewhere.example.net', '127.0.0.3', '127.0.0.1'],
  'crowded.example.com': [...Array.from({ length: 20 }, (_, index) => `127.0.1.${index}`), '127.0.0.1'],
};

const VANISHING_NAMES: Readonly<Record<string, readonly [Lookup, Lookup]>> = {
  'to-nothing.example.com': [['1.1.1.1'], 'NXDOMAIN'],
  'to-empty.example.com': [['1.1.1.1'], []],
  'to-failure.example.com': [['1.1.1.1'], 'SERVFAIL'],
  'to-silence.example.com': [['1.1.1.1'], 'silence'],
  'to-broken-alias.example.com': [['1.1.1.1'], ['cname:127.0.0.1']],
};

describe('A webhook', () => {
  let listener: Server;
  let port: number;
  let dns: DnsServer;
  const open: WebhookSender[] = [];
  /** The own address of each connection that reached the listener. */
  let reached: string[] = [];
  /** Every address that this process dialled, reached or not. */
  let dialled: string[] = [];
  const watchSocket = (message: unknown): void => {
    (message as { socket: Socket }).socket.on('connectionAttempt', (address) => dialled.push(address));
  };

  beforeAll(async () => {
    listener = createServer((socket) => {
      reached.push((socket.localAddress ?? '').replace(/^::ffff:/, ''));
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n'));
    });
    listener.listen(0);
    await once(listener, 'listening');
    ({ port } = listener.address() as AddressInfo);
    const fixed = (names: Readonly<Record<string, Lookup>>) =>
      Object.entries(names).map(([name, lookup]) => [name, [lookup]] as const);
    dns = await startDnsServer({
      ...Object.fromEntries([...fixed(HOSTILE_NAMES), ...fixed(MIXED_NAMES)]),
      ...REBINDING_NAMES,
      ...VANISHING_NAMES,
      'hooks.example.com': [['127.0.0.1']],
      'between.example.com': [['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']],
    });
    subscribe('net.client.socket', watchSocket);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sender) => sender.close()));
    [reached, dialled] = [[], []];
  });
  afterAll(async () => {
    unsubscribe('net.client.socket', watchSocket);
    await dns.close();
    await new Promise((resolve) => listener.close(resolve));
  });

  const save = (url: string, policy = PUBLIC_ONLY) => new WebhookUrlGuard(policy, dns.resolve).check(url);

  async function post(url: string, policy = PUBLIC_ONLY) {
    const sender = new WebhookSender({ policy, timeoutMs: 5000 }, dns.resolve);
    open.push(sender);
    return sender.post(url, {}, 'secret');
  }

  it('is tried with at least 60 hostile URLs and answers of DNS', () => {
    const rows = [HOSTILE_NAMES, REBINDING_NAMES, MIXED_NAMES, VANISHING_NAMES].flatMap((names) => Object.keys(names));
    expect(HOSTILE_URLS.length + rows.length).toBeGreaterThanOrEqual(60);
  });

  it.each(HOSTILE_URLS)('to %j is not saved, and had it been, would dial nobody', async (text) => {
    const url = text.replaceAll('PORT', String(port));
    await expect(save(url)).rejects.toMatchObject({ code: 'webhook_url_forbidden' });

    expect(await post(url)).toMatchObject({
      statusCode: null,
      responseBody: null,
      error: expect.any(String) as string,
    });
    expect([dialled, reached]).toEqual([[], []]);
  });

  it.each(Object.keys(HOSTILE_NAMES))('to %s is not saved, and had it been, would dial nobody', async (name) => {
    await expect(save(`http://${name}:${port}/`)).rejects.toMatchObject({ code: 'webhook_url_forbidden' });

    expect(await post(`http://${name}:${port}/`)).toMatchObject({ statusCode: null, error: REFUSED });
    expect([dialled, reached]).toEqual([[], []]);
  });

  it.each(Object.keys(REBINDING_NAMES))('dials nobody when %s has come to lead inside', async (name) => {
    const url = await save(`http://${name}:${port}/`);

    expect(await post(url)).toMatchObject({ statusCode: null, error: REFUSED });
    expect([dialled, reached]).toEqual([[], []]);
  });

  it.each(Object.keys(VANISHING_NAMES))('dials nobody when %s leads nowhere any more', async (name) => {
    const url = await save(`http://${name}:${port}/`);

    expect(await post(url)).toMatchObject({ error: 'the name could not be resolved (ENOTFOUND)' });
    expect([dialled, reached]).toEqual([[], []]);
  });

  it.each(Object.keys(MIXED_NAMES))('to %s dials, of all its addresses, the one that may be', async (name) => {
    const url = await save(`http://${name}:${port}/`, LOOPBACK);

    expect(await post(url, LOOPBACK)).toMatchObject({ statusCode: 204, error: null });
    expect([dialled, reached]).toEqual([['127.0.0.1'], ['127.0.0.1']]);
  });

  it('arrives under a public name that leads to an address which the operator allows, and only then', async () => {
    const url = `http://hooks.example.com:${port}/`;
    await expect(save(url)).rejects.toMatchObject({ code: 'webhook_url_forbidden' });
    expect(await post(url)).toMatchObject({ statusCode: null, error: REFUSED });
    expect([dialled, reached]).toEqual([[], []]);

    expect(await post(await save(url, LOOPBACK), LOOPBACK)).toMatchObject({ statusCode: 204, error: null });
    expect(reached).toEqual(['127.0.0.1']);
  });

  it('looks its name up once when it is sent, so no answer can change between the check and the connection', async () => {
    const url = await save(`http://between.example.com:${port}/`, LOOPBACK);

    expect(await post(url, LOOPBACK)).toMatchObject({ statusCode: 204 });
    expect(dns.lookups('between.example.com')).toBe(2);
    expect(dialled).toEqual(['127.0.0.1']);
  });

  it('says the same of a forbidden address whether its port is open or closed, and never which address it was', async () => {
    const spare = createServer().listen(0);
    await once(spare, 'listening');
    const closed = (spare.address() as AddressInfo).port;
    await new Promise((resolve) => spare.close(resolve));
    const names = Object.keys(HOSTILE_NAMES);
    const answers = await Promise.all(
      names.flatMap((name) => [port, closed].map((target) => post(`http://${name}:${target}/`))),
    );

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('dials no forbidden literal address even when nobody has looked at its URL', async () => {
    const connect = guardedConnect([], 5000, dns.resolve);
    const refusals = ['127.0.0.1', '::1', '0.0.0.0', '::ffff:127.0.0.1'].map(
      (hostname) =>
        new Promise((resolve) => {
          const host = `${hostname}:${port}`;
          connect({ hostname, host, protocol: 'http:', port: String(port) }, (...[error]) => resolve(error));
        }),
    );

    for (const error of await Promise.all(refusals)) expect(error).toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect([dialled, reached]).toEqual([[], []]);
  });

  it('is refused for its port before anything else is done with its name', async () => {
    const before = dns.lookups('hooks.example.com');
    const url = 'http://hooks.example.com:6379/';
    const error = 'port 6379 belongs to an internal service (Redis)';
    await expect(save(url, LOOPBACK)).rejects.toMatchObject({
      publicMessage: expect.stringContaining(error) as string,
    });

    expect(await post(url, LOOPBACK)).toMatchObject({ statusCode: null, error });
    expect(dialled).toEqual([]);
    expect(dns.lookups('hooks.example.com')).toBe(before);
  });
});
