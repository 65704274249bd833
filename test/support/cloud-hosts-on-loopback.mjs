/**
 * Preloaded into the service by a test (`NODE_OPTIONS=--import`): connections that it opens to the cloud's own hosts end
 * at the simulator, on the port that stands in CLOUD_ON_LOOPBACK. The service's code, its settings and the Host header
 * are what they are in production; only DNS and TLS are taken out of the way.
 */
import net from 'node:net';
import { syncBuiltinESMExports } from 'node:module';
import tls from 'node:tls';

const port = Number(process.env.CLOUD_ON_LOOPBACK);
const connect = tls.connect;

tls.connect = (...args) => {
  const [options] = args;
  const host = options?.servername || options?.host || '';
  return host.endsWith('.tencentcloudapi.com') ? net.connect(port, '127.0.0.1') : connect(...args);
};
syncBuiltinESMExports();
