import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type Question } from 'dns-packet';

/**
 * What one look-up of a name gives: its addresses, after the aliases (`cname:…`) that lead to them; or how it fails.
 * `silence` is no answer at all.
 */
export type Lookup = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence';

/** By name, the answers to its first, second … look-up; the last one stands for all that follow. */
export type Zone = Readonly<Record<string, readonly Lookup[]>>;

interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export interface DnsServer {
  /** How often a name was looked up so far. */
  lookups(name: string): number;
  /** A resolver, of Node's own making, that asks this server and no other. */
  readonly resolve: (hostname: string) => Promise<readonly ResolvedAddress[]>;
  close(): Promise<void>;
}

const NXDOMAIN = 3;
const SERVFAIL = 2;
const TYPES = { A: 4, AAAA: 6 } as const;

/** A real DNS server on loopback, over UDP, whose answers change from look-up to look-up and may not be kept (TTL 0). */
export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { id, questions: [question] = [] } = decode(message);
    if (question !== undefined) answer(id ?? 0, question, from);
  });

  /** Counts by name and type: a look-up asks once for each kind of address. */
  function nextLookup({ name, type }: Question): Lookup {
    const key = `${name.toLowerCase()} ${type}`;
    const count = asked.get(key) ?? 0;
    asked.set(key, count + 1);
    const lookups = zone[name.toLowerCase()] ?? ['NXDOMAIN'];
    return lookups[Math.min(count, lookups.length - 1)] ?? 'NXDOMAIN';
  }

  function answer(id: number, question: Question, from: RemoteInfo): void {
    const lookup = nextLookup(question);
    if (lookup === 'silence') return;
    const failed = typeof lookup === 'string';
    const failure = lookup === 'NXDOMAIN' ? NXDOMAIN : SERVFAIL;
    const flags = AUTHORITATIVE_ANSWER | (failed ? failure : 0);
    const answers = failed ? [] : recordsOf(question, lookup);
    socket.send(encode({ type: 'response', id, flags, questions: [question], answers }), from.port, from.address);
  }

  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = new Resolver({ timeout: 100, tries: 1 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);

  return {
    lookups: (name) => asked.get(`${name} A`) ?? 0,
    resolve: async (hostname) => {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
      const found = [v4, v6].flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
      return found.map((address) => ({ address, family: isIP(address) }));
    },
    close: async () => {
      resolver.cancel();
      await new Promise<void>((resolve) => socket.close(resolve));
    },
  };
}

/** Each alias is the name of the record behind it; of the addresses, those of the kind that was asked for. */
function recordsOf({ name, type }: Question, lookup: readonly string[]): Answer[] {
  const aliases = lookup.filter((item) => item.startsWith('cname:')).map((item) => item.slice('cname:'.length));
  const owners = [name, ...aliases];
  const chain = aliases.map((data, index): Answer => ({ type: 'CNAME', name: owners[index] ?? name, ttl: 0, data }));
  if (type !== 'A' && type !== 'AAAA') return chain;
  const addresses = lookup.filter((item) => isIP(item) === TYPES[type]);
  return [...chain, ...addresses.map((data): Answer => ({ type, name: owners.at(-1) ?? name, ttl: 0, data }))];
}
