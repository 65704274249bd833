import { sql } from 'kysely';
import { waitFor } from '#libs/testing';
import { postAll } from './callers.js';
import { doHarm, type Harm, type Progress } from './harm.js';
import type { Plan } from './plan.js';
import { type Check, judge } from './verdict.js';
import { startWorld, type World } from './world.js';

export interface Run {
  readonly plan: Plan;
  readonly seconds: number;
  readonly harm: Harm;
  readonly checks: readonly Check[];
}

/** How long after the last post the last request may end: what was left in doubt passes the fence several times. */
const ALL_END_WITHIN_MS = 300_000;
/** A worker that was killed while it delivered holds its share of the endpoint until its lease ends, which takes 45 seconds. */
const ALL_TOLD_WITHIN_MS = 180_000;

/** Posts, harms and waits until all is over; then judges. */
export async function runChaos(plan: Plan): Promise<Run> {
  const world = await startWorld(plan);
  try {
    const began = performance.now();
    const progress: Progress = { posted: 0, isOver: false };
    const allEnded = async () => {
      const posted = await postAll(world, plan, (count) => (progress.posted = count));
      await waitUntilEnded(world);
      return posted;
    };
    const [posted, harm] = await Promise.all([
      allEnded().finally(() => (progress.isOver = true)),
      doHarm(world, plan, progress),
    ]);
    const seconds = (performance.now() - began) / 1000;
    await waitUntilTold(world);
    return { plan, seconds, harm, checks: await judge(world, plan, posted) };
  } finally {
    await world.stop();
  }
}

async function waitUntilEnded(world: World): Promise<void> {
  const open = (): Promise<number> => count(world, 'image_requests', 'completed_at is null');
  await waitFor(async () => (await open()) === 0, {
    timeoutMs: ALL_END_WITHIN_MS,
    intervalMs: 500,
    what: 'every request ends',
  }).catch(async (error: Error) => {
    // The verdict names those that did not: that says more than that time was up.
    console.error(`${error.message}: ${await open()} are open`);
  });
}

async function waitUntilTold(world: World): Promise<void> {
  const untold = async (): Promise<number> =>
    (await count(world, 'events', 'sequence is null')) +
    (await count(world, 'webhook_deliveries', "status = 'pending'"));
  await waitFor(async () => (await untold()) === 0, {
    timeoutMs: ALL_TOLD_WITHIN_MS,
    intervalMs: 250,
    what: 'every event is delivered',
  }).catch((error: Error) => console.error(error.message));
}

/** The database may be restarting just now: then the answer is not known yet. */
async function count({ service }: World, table: string, which: string): Promise<number> {
  try {
    const { rows } = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(table)} where ${sql.raw(which)}
    `.execute(service.database.postgres.db);
    return Number(rows[0]?.count ?? Number.NaN);
  } catch {
    return Number.NaN;
  }
}
