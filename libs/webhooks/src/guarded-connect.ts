import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { buildConnector } from 'undici';
import { type Cidr, mayDial } from './may-dial.js';
import type { Resolve, ResolvedAddress } from './webhook-url.js';

/** None of the addresses behind a host may be dialled. */
class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

/** The name has no address now. Why not is between us and our resolver. */
class NameUnresolved extends Error {
  readonly code = 'ENOTFOUND';
}

/** The other side was gone before its address could be judged. */
class ConnectionGone extends Error {
  readonly code = 'ECONNRESET';
}

/** A name of a thousand addresses would otherwise have us knock at each of them. */
const ADDRESSES_MAX = 8;

/**
 * A connector for undici that dials only what `mayDial` allows. The look-up that is judged is the one that is dialled,
 * and the connected socket is judged once more before a request is written to it. Certificates are always checked,
 * whatever the environment says of TLS.
 */
export function guardedConnect(
  allowed: readonly Cidr[],
  timeoutMs: number,
  resolve: Resolve,
): buildConnector.connector {
  const lookup = guardedLookup(allowed, resolve);
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, rejectUnauthorized: true, lookup });

  return (options, callback) => {
    // A literal address is dialled without a look-up.
    if (isIP(options.hostname) !== 0 && !mayDial(options.hostname, allowed)) {
      callback(new AddressRefused(), null);
      return;
    }
    connect(options, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const address = socket.remoteAddress;
      if (address !== undefined && mayDial(address, allowed)) return callback(null, socket);
      socket.destroy();
      callback(address === undefined ? new ConnectionGone() : new AddressRefused(), null);
    });
  };
}

function guardedLookup(allowed: readonly Cidr[], resolve: Resolve): LookupFunction {
  const dialable = callbackify(async (hostname: string): Promise<[ResolvedAddress, ...ResolvedAddress[]]> => {
    const addresses = await addressesOf(hostname, resolve);
    const [first, ...others] = addresses.filter(({ address }) => mayDial(address, allowed)).slice(0, ADDRESSES_MAX);
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

/** At least one, or throws `NameUnresolved`. */
async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly ResolvedAddress[]> {
  let addresses: readonly ResolvedAddress[];
  try {
    addresses = await resolve(hostname);
  } catch (cause) {
    throw new NameUnresolved(`${hostname} could not be resolved`, { cause });
  }
  if (addresses.length === 0) throw new NameUnresolved(`${hostname} has no address`);
  return addresses;
}
