import { isPortFree } from '#libs/local-servers';

const STEPS_MAX = 100;

/** The first port from `wanted` upwards that nobody listens on. */
export async function nextFreePort(wanted: number, isFree = isPortFree): Promise<number> {
  const last = Math.min(wanted + STEPS_MAX, 65_535);
  for (let port = wanted; port <= last; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free between ${wanted} and ${last}`);
}
