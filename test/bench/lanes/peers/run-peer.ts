import { randomBytes } from 'node:crypto';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { type StartedProcess, startProcess, waitFor } from '#libs/testing';
import type { SimulatorCall } from '../../../support/simulator-control.js';
import type { PeerGround } from './peer-ground.js';
import { PEER_QUEUE, type PeerKind, START_LIST } from './peer.js';

export interface PeerRun {
  readonly kind: PeerKind;
  readonly calls: number;
  readonly processes: number;
  /** Whose calls they are, in turn; one account unless more are named. */
  readonly accounts?: number;
}

/** Runs one of the others from the first call to the last; gives what arrived at the judge. */
export async function runPeer(ground: PeerGround, run: PeerRun): Promise<readonly SimulatorCall[]> {
  const { simulator, redis } = ground;
  await ground.clear();
  const credentials = await addAccounts(ground, run.accounts ?? 1);
  const processes = await Promise.all(
    Array.from({ length: run.processes }, (_, n) => startPeer(ground, run, n, JSON.stringify(credentials))),
  );
  await start(run, redis.url);
  await waitFor(async () => (await simulator.stats()).calls['CreateImage'] === run.calls, {
    timeoutMs: 60_000 + run.calls * 1000,
    intervalMs: 250,
    what: `${run.kind} makes its ${run.calls} calls`,
  }).catch((error: unknown) => {
    throw new Error(processes.map((process) => process.logs()).join('\n'), { cause: error });
  });
  await Promise.all(processes.map((process) => process.stop()));
  return simulator.calls({ action: 'CreateImage' });
}

let accountsMade = 0;

async function addAccounts({ simulator }: PeerGround, count: number) {
  const accounts = Array.from({ length: count }, () => {
    const number = String(++accountsMade).padStart(6, '0');
    const secretKey = randomBytes(16).toString('hex');
    return { uin: `300000${number}`, userId: `400000${number}`, secretId: `AKIDpeer${number}`, secretKey };
  });
  for (const account of accounts) await simulator.addSubAccount(account);
  return accounts.map(({ secretId, secretKey }) => ({ secretId, secretKey }));
}

function startPeer(ground: PeerGround, run: PeerRun, n: number, credentials: string): Promise<StartedProcess> {
  const { kind, calls, processes } = run;
  return startProcess({
    name: `${kind} ${n + 1}`,
    entry: 'dist/test/bench/lanes/peers/main.js',
    env: {
      PEER_KIND: kind,
      REDIS_URL: ground.redis.url,
      CVM_ENDPOINT: ground.transit.url,
      CREDENTIALS: credentials,
      CALLS: String(Math.floor(calls / processes) + (n < calls % processes ? 1 : 0)),
    },
    readyWhen: (line) => line.includes('peer.ready'),
  });
}

async function start({ calls, processes }: PeerRun, redisUrl: string): Promise<void> {
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  await connection.rpush(START_LIST, ...Array.from({ length: processes }, () => 'go'));
  const queue = new Queue<{ n: number }>(PEER_QUEUE, { connection });
  const jobs = Array.from({ length: calls }, (_, n) => ({ name: 'call', data: { n } }));
  await queue.addBulk(jobs.map((job) => ({ ...job, opts: { removeOnComplete: true, removeOnFail: true } })));
  await queue.close();
  connection.disconnect();
}
