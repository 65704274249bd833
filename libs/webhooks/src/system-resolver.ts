import { lookup } from 'node:dns/promises';
import type { Resolve, ResolvedAddress } from './webhook-url.js';

const underWay = new Map<string, Promise<readonly ResolvedAddress[]>>();

/**
 * As the system resolves names, its hosts file and search domains too. Each look-up blocks a thread for as long as the
 * name's servers take, so those who want the same name at the same time share one: an endpoint with slow name servers holds
 * up one thread and not as many as it has attempts.
 */
export const resolveBySystem: Resolve = (hostname) => {
  const running = underWay.get(hostname);
  if (running !== undefined) return running;
  const lookUp = lookup(hostname, { all: true }).finally(() => underWay.delete(hostname));
  underWay.set(hostname, lookUp);
  return lookUp;
};
