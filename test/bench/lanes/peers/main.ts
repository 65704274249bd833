import { Redis } from 'ioredis';
import { CloudClient, type CreateImageCall, Endpoints } from '#libs/cloud';
import { Secret } from '#libs/secret';
import { workAsBottleneck } from './bottleneck.js';
import { workAsBullmq } from './bullmq.js';
import { PEER_KINDS, type PeerKind, START_LIST, type Work } from './peer.js';
import { workAsRateLimiterFlexible } from './rate-limiter-flexible.js';

/** One process of a limiter that is measured beside the product. It makes the same signed call through the same client. */
const kind = read('PEER_KIND') as PeerKind;
if (!PEER_KINDS.includes(kind)) throw new Error(`${kind} is nobody to be measured`);
const redisUrl = read('REDIS_URL');
const credentials = JSON.parse(read('CREDENTIALS')) as { secretId: string; secretKey: string }[];
const targets = credentials.map(({ secretId, secretKey }) => ({
  credential: { secretId: new Secret(secretId), secretKey: new Secret(secretKey), token: null },
  credentialVersion: 1,
  site: 'intl' as const,
  region: 'ap-guangzhou',
}));
const cloud = new CloudClient({
  endpoints: new Endpoints({ cvmEndpoint: read('CVM_ENDPOINT'), stsEndpoint: null }),
  timeoutMs: 30_000,
});
let made = 0;

const work: Work = { redisUrl, calls: Number(read('CALLS')), call };

console.log(JSON.stringify({ event: 'peer.ready' }));
if (kind === 'bullmq' || kind === 'bare-bullmq') {
  await workAsBullmq(kind, work);
} else {
  const redis = new Redis(redisUrl);
  await redis.blpop(START_LIST, 0);
  redis.disconnect();
  await (kind === 'bottleneck' ? workAsBottleneck(work) : workAsRateLimiterFlexible(work));
}
process.exit();

async function call(n: number): Promise<void> {
  const target = targets[n % targets.length];
  if (target === undefined) throw new Error('there is no account to call for');
  const id = `${process.pid}-${++made}`;
  await cloud.createImage(target, orderOf(id), id);
}

function orderOf(id: string): CreateImageCall {
  return {
    imageName: `peer-${id}`,
    instanceId: `ins-${(process.pid * 100_000 + made).toString(36).padStart(8, '0').slice(-8)}`,
    snapshotIds: [],
    dataDiskIds: [],
    imageDescription: null,
    forcePoweroff: false,
    sysprep: false,
    dryRun: false,
    tags: [],
    imageFamily: null,
  };
}

function read(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
