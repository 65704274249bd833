import ipaddr from 'ipaddr.js';

/** Longer than every address; only a proxy that passes on something else gets this far. */
const CHARACTERS_MAX = 64;

/**
 * What counts as one caller's address: an IPv4 address, or the /64 of an IPv6 one, for whoever has one IPv6 address mostly
 * has 2^64 of them.
 */
export function addressBlock(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip.slice(0, CHARACTERS_MAX);
  const address = ipaddr.process(ip);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = new ipaddr.IPv6([...address.parts.slice(0, 4), 0, 0, 0, 0]);
  return `${network.toString()}/64`;
}
