import { setTimeout as sleep } from 'node:timers/promises';
import { arrived, lossesAmong, post } from '../backlog.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { arrivalsOf, breachesOf, judge } from '../judge.js';
import type { SimulatorCall } from '../../../support/simulator-control.js';
import type { Product } from '../product.js';
import { withRedis } from '../../../support/redis-books.js';

/** So that what a crash leaves in doubt is decided within the run; the defaults would only make it longer. */
const QUICK_RECOVERY = {
  TRACK_INTERVAL_MS: '1000',
  RETRY_BASE_MS: '1000',
  UPSTREAM_TIMEOUT_MS: '2000',
  RESEND_FENCE_MS: '5000',
};

const KILL_EVERY_MS = 3000;
/** So soon after Redis is back a second at full pace must have begun; with jitter, nine calls are what fits into one. */
const FULL_PACE_WITHIN_MS = 2000;
const FULL_PACE = 9;
const FULL_PACE_TARGET = `at full pace within ${FULL_PACE_WITHIN_MS} ms of the restart`;

/** What was done to the service, and where it was slower than it should be. */
interface Harm {
  readonly note: string;
  readonly shortfalls: readonly string[];
}

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
      return { note: `${killed} killed`, shortfalls: [] };
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
      const returnedAt = Date.now();
      await arrived(product, tenant.account.uin, before + extent.calls);
      return paceAfter(await arrivalsOf(service.simulator, tenant.account.uin), returnedAt, extent);
    }),
};

/** A backlog that is over too soon says nothing of the pace. */
function paceAfter(calls: readonly SimulatorCall[], returnedAt: number, { short }: Extent): Harm {
  const note = 'flushed once, restarted once';
  if (short) return { note, shortfalls: [] };
  const times = calls.map(({ at }) => Date.parse(at)).filter((at) => at >= returnedAt);
  const begin = times.find((from) => times.filter((at) => at >= from && at < from + 1000).length >= FULL_PACE);
  if (begin === undefined) return { note, shortfalls: ['never at full pace after the restart'] };
  const afterMs = begin - returnedAt;
  return {
    note: `${note}; at full pace ${afterMs} ms after its return`,
    shortfalls: afterMs <= FULL_PACE_WITHIN_MS ? [] : [`at full pace only ${afterMs} ms after Redis had returned`],
  };
}

/** A backlog is called while something keeps breaking: in the end each request has its one image. */
async function survive(
  product: Product,
  { calls }: Extent,
  name: string,
  harm: (isOver: () => boolean, callsBefore: number) => Promise<Harm>,
): Promise<Row> {
  const { simulator } = product.service;
  const { account } = product.tenant;
  const before = (await arrivalsOf(simulator, account.uin)).length;
  const posted = await post(product, calls, account);
  let isOver = false;
  const [{ note, shortfalls }] = await Promise.all([
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
    target: [
      '0 rejected, nothing lost, nothing called twice',
      ...(name === 'lost-redis' ? [FULL_PACE_TARGET] : []),
    ].join(', '),
    breaches: [...breachesOf(verdict), ...losses],
    shortfalls,
    note,
  };
}
