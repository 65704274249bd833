import { parseCidrs } from './may-dial.js';
import { type DialPolicy, type Resolve, urlFault, WebhookUrlGuard } from './webhook-url.js';

const STRICT: DialPolicy = { allowed: [], allowedPorts: [], allowHttp: false };
const LAX: DialPolicy = { allowed: parseCidrs(['127.0.0.0/8']), allowedPorts: [6379], allowHttp: true };

const MISLEADING = 'it must not contain a backslash, a tab, a line break or another control character';

const resolvesTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const guardOf = (resolve: Resolve, policy = STRICT) => new WebhookUrlGuard(policy, resolve);

describe('urlFault', () => {
  it.each([
    ['https://127.0.0.1/', 'dotted'],
    ['https://2130706433/', 'decimal'],
    ['https://0x7f000001/', 'hexadecimal'],
    ['https://0177.0.0.1/', 'octal'],
    ['https://0x7f.1/', 'shortened and hexadecimal'],
    ['https://127.1/', 'shortened'],
    ['https://127.0.0.1./', 'with a root dot'],
    ['https://①②⑦.⓪.⓪.①/', 'in enclosed digits'],
    ['https://127。0。0。1/', 'with ideographic dots'],
    ['https://%31%32%37.0.0.1/', 'percent-encoded'],
    ['https://0/', 'zero'],
    ['https://[::1]/', 'v6'],
    ['https://[::ffff:127.0.0.1]/', 'mapped'],
    ['https://[::ffff:a9fe:a9fe]/', 'mapped, in hex'],
    ['https://[64:ff9b::7f00:1]/', 'NAT64'],
    ['https://169.254.169.254/latest/meta-data/', 'metadata'],
    ['https://[fd00:ec2::254]/', 'metadata, v6'],
    ['https://127.0.0.1\u00ad/', 'with a soft hyphen'],
    ['https://１２７.0.0.1/', 'in full-width digits'],
    ['https://localhost/', 'by name'],
    ['https://LOCALHOST./', 'by name, with a root dot'],
    ['https://a.b.localhost/', 'by a name below localhost'],
    ['https://ｌocalhost/', 'by name, in full-width letters'],
  ])('sees through %s (%s)', (url) => {
    expect(urlFault(url, STRICT)).toMatch(/private, local or reserved/);
  });

  it.each([
    ['http://hooks.example.com/', 'it must begin with https://'],
    ['ftp://hooks.example.com/', 'it must begin with https://'],
    ['file:///etc/passwd', 'it must begin with https://'],
    ['gopher://hooks.example.com/', 'it must begin with https://'],
    ['https://user:word@hooks.example.com/', 'it must not contain a user name or password'],
    ['https://user@hooks.example.com/', 'it must not contain a user name or password'],
    ['https://hooks.example.com:0/', 'port 0 cannot be called'],
    ['https://hooks.example.com:65536/', 'it is not a URL'],
    ['https://hooks.example.com:-1/', 'it is not a URL'],
    ['https://hooks.example.com:22/', 'port 22 is a system port, of which only 80 and 443 may be called'],
    ['https://hooks.example.com:06379/', 'port 6379 belongs to an internal service (Redis)'],
    ['https://hooks.example.com/#/hook', 'it must not contain a fragment (#): that part of a URL is never sent'],
    ['https://hooks.example.com\\@10.0.0.1/', MISLEADING],
    ['https://hooks.exa\tmple.com/', MISLEADING],
    ['https://hooks.example.com/\r\nhost: inside', MISLEADING],
    ['https://127.0.0.1\0.example.com/', MISLEADING],
    ['https://127.0.0.1%00.example.com/', 'it is not a URL'],
    ['https://hooks.example.com%2f@10.0.0.1/', 'it must not contain a user name or password'],
    ['https://', 'it is not a URL'],
    ['hooks.example.com', 'it is not a URL'],
    ['https://fe80::1/', 'it is not a URL'],
    ['https://[fe80::1%25eth0]/', 'it is not a URL'],
    [`https://hooks.example.com/${'a'.repeat(2048)}`, 'it is longer than 2048 characters'],
  ])('refuses %s', (url, fault) => {
    expect(urlFault(url, STRICT)).toBe(fault);
  });

  it.each([
    'https://hooks.example.com/',
    'https://例え.テスト/hook?a=b',
    'https://hooks.example.com.:8443/',
    'https://1.1.1.1:80/',
  ])('lets %s be called', (url) => {
    expect(urlFault(url, STRICT)).toBeNull();
  });

  it('allows http, ports and inner addresses when the operator does, but never credentials', () => {
    expect(urlFault('http://127.0.0.1:8080/hook', LAX)).toBeNull();
    expect(urlFault('http://10.0.0.1/', LAX)).toMatch(/private/);
    expect(urlFault('http://a:b@127.0.0.1/', LAX)).toMatch(/user name/);
    expect(urlFault('http://localhost:3000/', LAX)).toBeNull();
    expect(urlFault('http://127.0.0.1:6379/', LAX)).toBeNull();
    expect(urlFault('http://127.0.0.1:6380/', LAX)).toMatch(/port 6380/);
  });
});

describe('WebhookUrlGuard', () => {
  it('gives back the normal form of a URL that may be called', async () => {
    const guard = guardOf(resolvesTo('1.1.1.1'));
    expect(await guard.check('HTTPS://Hooks.Example.COM:443/a b')).toBe('https://hooks.example.com/a%20b');
  });

  it.each([
    ['localhost', ['127.0.0.1', '::1']],
    ['looks-fine.example.com', ['10.0.0.1']],
    ['metadata.google.internal', ['169.254.169.254']],
  ])('refuses %s, for it leads only where nobody may call', async (name, addresses) => {
    await expect(guardOf(resolvesTo(...addresses)).check(`https://${name}/`)).rejects.toMatchObject({
      code: 'webhook_url_forbidden',
      kind: 'unprocessable',
      publicMessage: expect.stringContaining(name) as string,
    });
  });

  it('accepts a name of which one address may be called: only that one will be', async () => {
    await expect(guardOf(resolvesTo('10.0.0.1', '1.1.1.1')).check('https://mixed.example.com/')).resolves.toBeTruthy();
  });

  it('accepts a name that does not resolve yet', async () => {
    const guard = guardOf(() => Promise.reject(new Error('ENOTFOUND')));
    await expect(guard.check('https://soon.example.com/')).resolves.toBe('https://soon.example.com/');
  });

  it('does not ask the resolver about a literal address', async () => {
    const guard = guardOf(() => Promise.reject(new Error('asked')), LAX);
    await expect(guard.check('http://127.0.0.1:1234/')).resolves.toBe('http://127.0.0.1:1234/');
  });
});
