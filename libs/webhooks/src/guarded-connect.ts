import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { type Cidr, mayDial } from './may-dial.js';
import type { Resolve, ResolvedAddress } from './webhook-url.js';

/** None of the addresses behind a host may be dialled. */
class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

/**
 * A connector for undici that dials only what `mayDial` allows. The look-up that is judged is the one that is dialled,
 * and the connected socket is judged once more before anything is written to it.
 */
export function guardedConnect(
  allowed: readonly Cidr[],
  timeoutMs: number,
  resolve: Resolve,
): buildConnector.connector {
  const lookup = guardedLookup(allowed, resolve);
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, lookup });

  return (options, callback) => {
    // A literal address is dialled without a look-up.
    if (isIP(options.hostname) !== 0 && !mayDial(options.hostname, allowed)) {
      callback(new AddressRefused(), null);
      return;
    }
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      if (mayDial(socket.remoteAddress ?? '', allowed)) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefused(), null);
    });
  };
}

function guardedLookup(allowed: readonly Cidr[], resolve: Resolve): LookupFunction {
  const dialable = callbackify(async (hostname: string): Promise<[ResolvedAddress, ...ResolvedAddress[]]> => {
    const addresses = (await resolve(hostname)).filter(({ address }) => mayDial(address, allowed));
    const [first, ...others] = addresses;
    if (first === undefined) throw new AddressRefused();
    return [first, ...others];
  });
  return (hostname, options, callback) => {
    dialable(hostname, (error, addresses) => {
      if (error !== null) callback(error, '');
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}
