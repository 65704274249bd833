import fc from 'fast-check';
import { mayDial, parseCidrs } from './may-dial.js';

/** By what makes them hostile; each is an address as a resolver or the URL parser would give it, or one that none would. */
const HOSTILE: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1'],
  'unspecified, which reaches this host': ['0.0.0.0', '0.1.2.3', '::'],
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
  'link-local, with the metadata hosts of most clouds': ['169.254.0.23', '169.254.169.254', '169.254.255.255'],
  'resolvers of clouds': ['183.60.83.19', '183.60.82.98'],
  ISATAP: ['2400:3200::5efe:7f00:1', '2400:3200::5efe:10.0.0.1', '2400:3200::200:5efe:a00:1'],
  'metadata elsewhere': ['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'],
  'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.250', 'ff02::1', 'ff0e::1'],
  broadcast: ['255.255.255.255'],
  reserved: ['240.0.0.1', '254.1.1.1'],
  'for benchmarks': ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  'for documentation': ['192.0.2.1', '198.51.100.7', '203.0.113.9', '2001:db8::1', '3fff::1'],
  'of protocols': ['192.0.0.1', '192.88.99.1', '192.31.196.1', '192.52.193.1', '192.175.48.1', '2620:4f:8000::1'],
  'unique local': ['fc00::1', 'fd12:3456:789a::1'],
  'link-local v6': ['fe80::1', 'fe80::1%eth0', 'febf::1'],
  'site-local, long deprecated': ['fec0::1'],
  'v4 mapped into v6': [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:8.8.8.8',
  ],
  'v4 translated or compatible': ['::ffff:0:127.0.0.1', '::127.0.0.1', '::7f00:1'],
  NAT64: ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  '6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:c0a8:101::1'],
  Teredo: ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ORCHID: ['2001:10::1', '2001:20::1'],
  discard: ['100::1'],
  'not given out': ['4000::1', '5f00::1', '8000::1', '::2'],
  'no plain address at all': [
    '',
    'localhost',
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '10.1',
    ' 8.8.8.8',
    '8.8.8.8 ',
    '8.8.8.8:80',
    '8.8.8',
    '8.8.8.8.8',
    '256.1.1.1',
    '[2606:4700::1111]',
    '08.8.8.8',
  ],
};

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '43.133.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '169.253.0.1',
  '192.167.1.1',
  '198.17.0.1',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001::1',
  '2400:3200::1',
];

describe('mayDial', () => {
  const cases = Object.entries(HOSTILE).flatMap(([why, addresses]) => addresses.map((address) => [address, why]));

  it('is asked about at least 60 hostile forms', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)('refuses "%s" (%s)', (address) => {
    expect(mayDial(address, [])).toBe(false);
  });

  it.each(PUBLIC)('allows %s, which anyone on the internet may own', (address) => {
    expect(mayDial(address, [])).toBe(true);
  });

  it('refuses every IPv4 address in every costume that IPv6 has for it', () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, octet, octet, (a, b, c, d) => {
        const hex = [(a << 8) | b, (c << 8) | d].map((part) => part.toString(16)).join(':');
        for (const costume of [`::ffff:${hex}`, `64:ff9b::${hex}`, `2002:${hex}::`, `::${hex}`])
          expect(mayDial(costume, [])).toBe(false);
      }),
    );
  });

  it('allows what the operator names, that range only, in the family that it is named in', () => {
    const allowed = parseCidrs(['10.1.0.0/16', 'fd00::/8', '127.0.0.1/32']);
    for (const address of ['10.1.2.3', 'fd00::1', '127.0.0.1']) expect(mayDial(address, allowed)).toBe(true);
    for (const address of ['10.2.0.1', 'fe80::1', '127.0.0.2', '::ffff:10.1.2.3', '169.254.169.254'])
      expect(mayDial(address, allowed)).toBe(false);
  });

  it('takes a lone address for a range of one', () => {
    const allowed = parseCidrs(['10.0.0.1', 'fd00::1']);
    expect(['10.0.0.1', 'fd00::1', '10.0.0.0', '10.0.0.2', 'fd00::2'].map((it) => mayDial(it, allowed))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('says which range is none', () => {
    expect(() => parseCidrs(['10.0.0.0/8', '10.0.1'])).toThrow('"10.0.1" is not a CIDR range');
    expect(() => parseCidrs(['10.0.0.0/33'])).toThrow('"10.0.0.0/33" is not a CIDR range');
  });
});
