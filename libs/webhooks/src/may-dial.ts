import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** A parsed range of addresses. */
export type Cidr = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** All of the IPv6 internet; whatever lies outside is local, embedded, multicast or not given out. */
const GLOBAL_UNICAST_V6 = ipaddr.parseCIDR('2000::/3');

/** Refused on top of the ranges that ipaddr.js knows to be special. */
const ALSO_REFUSED = [
  '168.63.129.16/32', // Azure's metadata and DNS host, which lives in a public range
  '183.60.82.98/32', // Tencent Cloud's resolvers for its machines, in a public range too
  '183.60.83.19/32',
  '192.0.0.0/24', // protocol assignments; Oracle's metadata host is one of them
  '192.88.99.0/24', // 6to4 relays
  '2001::/23', // protocol assignments: Teredo, benchmarking, ORCHID, AMT
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address in disguise
  '2620:4f:8000::/48', // AS112, for the names of private addresses
  '3fff::/20', // documentation
].map((range) => ipaddr.parseCIDR(range));

/** A lone address is a range of one. Throws a plain error that names the range that is none. */
export function parseCidrs(ranges: readonly string[]): readonly Cidr[] {
  return ranges.map((range) => {
    const cidr = isIP(range) === 0 ? range : `${range}/${isIP(range) === 4 ? 32 : 128}`;
    if (!ipaddr.isValidCIDR(cidr)) throw new Error(`"${range}" is not a CIDR range such as 10.1.0.0/16`);
    return ipaddr.parseCIDR(cidr);
  });
}

/**
 * Judges the address about to be dialled, never the name: a name may resolve to something else a moment later. Only
 * addresses of the public internet pass, and those in `allowed`.
 */
export function mayDial(address: string, allowed: readonly Cidr[]): boolean {
  // isIP first: ipaddr.js would also read octal, hexadecimal and shortened forms.
  if (isIP(address) === 0 || address.includes('%')) return false;
  const parsed = ipaddr.parse(address);
  if (isWithin(parsed, allowed)) return true;
  if (parsed.range() !== 'unicast' || isWithin(parsed, ALSO_REFUSED)) return false;
  return parsed instanceof ipaddr.IPv4 || (isWithin(parsed, [GLOBAL_UNICAST_V6]) && !isIsatap(parsed));
}

/** ISATAP (RFC 5214): the last 64 bits name an IPv4 address inside the site, whatever the prefix. */
function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return parts[5] === 0x5efe && (parts[4] === 0 || parts[4] === 0x200);
}

function isWithin(address: ipaddr.IPv4 | ipaddr.IPv6, ranges: readonly Cidr[]): boolean {
  return ranges.some((range) => range[0].kind() === address.kind() && address.match(range));
}
