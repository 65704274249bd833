import { setTimeout as sleep } from 'node:timers/promises';
import { arrived, lossesAmong, post } from '../backlog.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { arrivalsOf, breachesOf, judge } from '../judge.js';
import type { Product } from '../product.js';
import { withRedis } from '../redis-books.js';

/** So that what a crash leaves in doubt is decided within the run; the defaults would only make it longer. */
const QUICK_RECOVERY = {
  TRACK_INTERVAL_MS: '1000',
  RETRY_BASE_MS: '1000',
  UPSTREAM_TIMEOUT_MS: '2000',
  RESEND_FENCE_MS: '5000',
};

const KILL_EVERY_MS = 3000;

export const killedWorkers: BenchCase = {
  name: 'killed-workers',
  title: `a worker killed with SIGKILL every ${KILL_EVERY_MS / 1000} s and replaced`,
  jitterMs: 50,
  callMs: 100,
  settings: QUICK_RECOVERY,
  ours: (product, extent) =>
    survive(product, extent, 'killed-workers', async (isOver) => {
      const victims = product.service.workers;
      let killed = 0;
      while (!isOver()) {
        await sleep(KILL_EVERY_MS);
        const victim = victims[killed];
        if (isOver() || victim === undefined) break;
        await victim.stop('SIGKILL');
        killed += 1;
        await product.service.startWorker();
      }
      return `${killed} killed`;
    }),
};

export const lostRedis: BenchCase = {
  name: 'lost-redis',
  title: 'FLUSHALL after a third of the calls, Redis restarted after two thirds',
  jitterMs: 50,
  callMs: 5,
  settings: QUICK_RECOVERY,
  ours: (product, extent) =>
    survive(product, extent, 'lost-redis', async (_isOver, before) => {
      const { service, tenant } = product;
      await arrived(product, tenant.account.uin, before + Math.floor(extent.calls / 3));
      await withRedis(service.redisUrl, (redis) => redis.flushall());
      await arrived(product, tenant.account.uin, before + Math.floor((extent.calls * 2) / 3));
      await service.restartRedis();
      return 'flushed once, restarted once';
    }),
};

/** A backlog is called while something keeps breaking: in the end each request has its one image. */
async function survive(
  product: Product,
  { calls }: Extent,
  name: string,
  harm: (isOver: () => boolean, callsBefore: number) => Promise<string>,
): Promise<Row> {
  const { simulator } = product.service;
  const { account } = product.tenant;
  const before = (await arrivalsOf(simulator, account.uin)).length;
  const posted = await post(product, calls, account);
  let isOver = false;
  const [note] = await Promise.all([
    harm(() => isOver, before),
    arrived(product, account.uin, before + calls).finally(() => (isOver = true)),
  ]);
  const losses = await lossesAmong(product, account.uin, posted);
  const verdict = judge((await arrivalsOf(simulator, account.uin)).slice(before));
  return {
    case: name,
    system: 'ours',
    ...verdict,
    share: null,
    target: '0 rejected, nothing lost, nothing called twice',
    breaches: [...breachesOf(verdict), ...losses],
    shortfalls: [],
    note,
  };
}
