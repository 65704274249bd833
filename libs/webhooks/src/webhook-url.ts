import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cidr, mayDial } from './may-dial.js';
import { portFault } from './port-fault.js';
import { WebhookUrlForbidden } from './webhooks.errors.js';

/** What the operator lets webhooks call. */
export interface DialPolicy {
  /** Ranges that may be called although they are not of the public internet. */
  readonly allowed: readonly Cidr[];
  /** Ports that may be called although internal services are known to listen on them. */
  readonly allowedPorts: readonly number[];
  readonly allowHttp: boolean;
}

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a name, as the system resolves it. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

const URL_LENGTH_MAX = 2048;
/** The parser would drop or turn these silently: such a URL is not the one that its owner reads. */
const MISLEADING = /[\p{Cc}\\]/u;
const LOOPBACK = ['127.0.0.1', '::1'];
const RESOLVE_TIMEOUT_MS = 2000;

/**
 * Why the URL may not be called, in words for its owner; null when it may, as far as it alone can tell. The WHATWG
 * parser has already turned `0x7f.1`, `2130706433` and the like into plain addresses.
 */
export function urlFault(text: string, policy: DialPolicy): string | null {
  if (text.length > URL_LENGTH_MAX) return `it is longer than ${URL_LENGTH_MAX} characters`;
  if (MISLEADING.test(text)) return 'it must not contain a backslash, a tab, a line break or another control character';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return 'it is not a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it must begin with https://';
  if (url.protocol === 'http:' && !policy.allowHttp) return 'it must begin with https://';
  if (url.username !== '' || url.password !== '') return 'it must not contain a user name or password';
  if (url.hash !== '') return 'it must not contain a fragment (#): that part of a URL is never sent';
  const host = bareHost(url);
  const literals = literalAddresses(host);
  if (literals.length > 0 && !literals.some((address) => mayDial(address, policy.allowed))) return privateAddress(host);
  return portFault(portOf(url), policy.allowedPorts);
}

/** Judges a URL when it is saved. What passes is judged again, by its address, each time it is called. */
export class WebhookUrlGuard {
  constructor(
    private readonly policy: DialPolicy,
    private readonly resolve: Resolve,
  ) {}

  /** Gives the URL in its normal form, or throws `WebhookUrlForbidden`. */
  async check(text: string): Promise<string> {
    const fault = urlFault(text, this.policy);
    if (fault !== null) throw new WebhookUrlForbidden(fault);
    const url = new URL(text);
    const addresses = isIP(bareHost(url)) === 0 ? await this.addressesOf(url.hostname) : [];
    const refused = addresses.filter(({ address }) => !mayDial(address, this.policy.allowed));
    if (addresses.length > 0 && refused.length === addresses.length)
      throw new WebhookUrlForbidden(privateAddress(url.hostname));
    return url.href;
  }

  /** Empty for a name that does not resolve, or not in time: it may well before its first event, and is judged then. */
  private async addressesOf(hostname: string): Promise<readonly ResolvedAddress[]> {
    const giveUp = new AbortController();
    const tooLate = sleep(RESOLVE_TIMEOUT_MS, [], { signal: giveUp.signal, ref: false }).catch(() => []);
    const resolved = this.resolve(hostname).catch(() => []);
    return Promise.race([resolved, tooLate]).finally(() => giveUp.abort());
  }
}

/** What a host is without any look-up: itself, or loopback for the names that mean nothing else (RFC 6761). */
function literalAddresses(host: string): readonly string[] {
  if (isIP(host) !== 0) return [host];
  return /(^|\.)localhost\.?$/.test(host) ? LOOPBACK : [];
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

/** The host as `net` wants it: an IPv6 address without its brackets. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

function privateAddress(host: string): string {
  return `${host} is, or leads to, a private, local or reserved address`;
}
