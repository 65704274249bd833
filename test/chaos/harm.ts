import { setTimeout as sleep } from 'node:timers/promises';
import { type StartedProcess, waitFor } from '#libs/testing';
import { withRedis } from '../support/redis-books.js';
import type { Plan } from './plan.js';
import type { World } from './world.js';

/** What was done, to be told in the table. */
export interface Harm {
  readonly workersKilled: number;
  readonly gatewaysKilled: number;
  readonly redisFlushed: number;
  readonly redisRestarted: number;
  readonly postgresRestarted: number;
}

/** How far the run has come. */
export interface Progress {
  /** Requests that callers have an answer for. */
  posted: number;
  /** Every request has ended. */
  isOver: boolean;
}

/** Kills and restarts everything in turn, each at its share of the posts or of the calls. Ends when the run is over. */
export async function doHarm(world: World, plan: Plan, progress: Progress): Promise<Harm> {
  const { service, postgres } = world;
  const random = seeded(plan.seed);
  const done = { workersKilled: 0, gatewaysKilled: 0, redisFlushed: 0, redisRestarted: 0, postgresRestarted: 0 };

  const killWorkers = async (): Promise<void> => {
    const alive = service.workers.slice(0, plan.workers);
    for (;;) {
      await waitUntilOver(progress, plan.killWorkerEveryMs);
      if (progress.isOver) return;
      const at = Math.floor(random() * alive.length);
      await alive[at]?.stop('SIGKILL');
      done.workersKilled += 1;
      alive[at] = await replaced(() => service.startWorker());
    }
  };
  const killGateways = async (): Promise<void> => {
    const replacements: Promise<unknown>[] = [];
    for (const share of [0.3, 0.7]) {
      await posted(progress, plan.requests * share);
      const victim = service.gateways[done.gatewaysKilled];
      // Only while callers are posting is it the harm that is meant.
      if (victim === undefined || progress.posted >= plan.requests) break;
      await victim.stop('SIGKILL');
      done.gatewaysKilled += 1;
      replacements.push(replaced(() => service.startGateway(victim.url)));
    }
    await Promise.all(replacements);
  };
  const spoilServers = async (): Promise<void> => {
    if (!(await called(world, progress, plan.requests * 0.2))) return;
    await withRedis(service.redisUrl, (redis) => redis.flushall());
    done.redisFlushed += 1;
    if (!(await called(world, progress, plan.requests * 0.4))) return;
    await service.restartRedis();
    done.redisRestarted += 1;
    if (!(await called(world, progress, plan.requests * 0.6))) return;
    await postgres.restart();
    done.postgresRestarted += 1;
  };
  await Promise.all([killWorkers(), killGateways(), spoilServers()]);
  return done;
}

/** As whoever runs the processes would: one that ends at once, for a server is away just then, is started again. */
async function replaced(start: () => Promise<StartedProcess>): Promise<StartedProcess> {
  for (let triesLeft = 10; ; triesLeft -= 1) {
    try {
      return await start();
    } catch (error) {
      if (triesLeft === 0) throw error;
      await sleep(500);
    }
  }
}

async function posted(progress: Progress, count: number): Promise<void> {
  await waitFor(async () => progress.posted >= count || progress.isOver, {
    timeoutMs: 600_000,
    intervalMs: 10,
    what: `${count} requests are posted`,
  });
}

/** False when the run was over before. */
async function called({ service }: World, progress: Progress, count: number): Promise<boolean> {
  await waitFor(async () => progress.isOver || ((await service.simulator.stats()).calls['CreateImage'] ?? 0) >= count, {
    timeoutMs: 600_000,
    intervalMs: 100,
    what: `${count} calls of CreateImage`,
  });
  return !progress.isOver;
}

async function waitUntilOver(progress: Progress, forMs: number): Promise<void> {
  for (let leftMs = forMs; leftMs > 0 && !progress.isOver; leftMs -= 100) await sleep(Math.min(100, leftMs));
}

/** Numbers from 0 to 1 that are the same for the same seed: a linear congruential generator, good enough to pick victims. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
