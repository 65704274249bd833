import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { waitFor } from '#libs/testing';
import { createAccount, type TestAccount } from '../../../support/whole-service.js';
import { arrived, postOne } from '../backlog.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { fillLanes, settled } from '../fill-lanes.js';
import { arrivalsOf, breachesOf, judge } from '../judge.js';
import { percentile } from '../pace.js';
import type { Product } from '../product.js';
import { bytesOfKeys, commandsRun } from '../../../support/redis-books.js';

const ARRIVES_WITHIN_MS = 250;
const GROWTH_MAX = 1.1;
/** Far enough apart for lane B to have a token each time. */
const TRY_EVERY_MS = 200;
const FULL = { few: 1000, many: 100_000, tries: 100, windowMs: 20_000 };
const SHORT = { few: 100, many: 400, tries: 5, windowMs: 1000 };

export const deepBacklog: BenchCase = {
  name: 'deep-backlog',
  title: `${FULL.many} waiting in lane A, one at a time posted to lane B`,
  jitterMs: 0,
  callMs: 5,
  settings: {},
  ours: async (product, extent) => {
    const { few, many, tries, windowMs } = sizeFor(extent);
    const { tenant, service } = product;
    const [a, b] = [
      await createAccount(tenant.api, service.simulator),
      await createAccount(tenant.api, service.simulator),
    ];
    // Both lanes have been used before, as those of a service in use have.
    for (const account of [a, b]) {
      await postOne(product, account);
      await arrived(product, account.uin, 1);
    }
    const emptyBytes = await bytesOfKeys(service.redisUrl);

    await settled(product, await fillLanes(product, [a], few));
    const shallow = await costOfJobs(product, a, emptyBytes, windowMs);
    await settled(product, await fillLanes(product, [a], many - few));
    const deep = await costOfJobs(product, a, emptyBytes, windowMs);

    const delaysMs: number[] = [];
    for (let n = 0; n < tries; n += 1) delaysMs.push(await delayOfOne(product, b));
    const arrivals = await Promise.all([a, b].map((account) => arrivalsOf(service.simulator, account.uin)));
    const verdicts = arrivals.map(judge);
    return rowOf(verdicts, delaysMs, shallow, deep);
  },
};

interface Cost {
  readonly commands: number;
  readonly bytes: number;
}

function sizeFor({ short }: Extent): typeof FULL {
  return short ? SHORT : FULL;
}

/** What the jobs that are called cost in commands, and those that wait in memory. */
async function costOfJobs(
  { service }: Product,
  account: TestAccount,
  emptyBytes: number,
  windowMs: number,
): Promise<Cost> {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from image_requests where account_id = ${account.id} and status = 'queued'
  `.execute(service.database.postgres.db);
  const bytes = ((await bytesOfKeys(service.redisUrl)) - emptyBytes) / Math.max(1, rows[0]?.waiting ?? 0);

  const [callsBefore, commandsBefore] = [
    (await arrivalsOf(service.simulator, account.uin)).length,
    await commandsRun(service.redisUrl),
  ];
  await sleep(windowMs);
  const commands = (await commandsRun(service.redisUrl)) - commandsBefore;
  const calls = (await arrivalsOf(service.simulator, account.uin)).length - callsBefore;
  return { commands: commands / Math.max(1, calls), bytes };
}

/** From just before the request is posted until its call is at the cloud, by the one clock of this machine. */
async function delayOfOne(product: Product, account: TestAccount): Promise<number> {
  const postedAt = Date.now();
  const { imageName } = await postOne(product, account);
  const call = await waitFor(
    async () =>
      (await arrivalsOf(product.service.simulator, account.uin)).findLast((arrival) => arrival.imageName === imageName),
    { timeoutMs: 30_000, intervalMs: 50, what: `the call for ${imageName} arrives` },
  );
  await sleep(Math.max(0, TRY_EVERY_MS - (Date.now() - postedAt)));
  return Date.parse(call.at) - postedAt;
}

function rowOf(verdicts: readonly ReturnType<typeof judge>[], delaysMs: readonly number[], few: Cost, many: Cost): Row {
  const verdict = {
    calls: verdicts.reduce((sum, { calls }) => sum + calls, 0),
    seconds: Math.max(...verdicts.map(({ seconds }) => seconds)),
    maxInAnySecond: Math.max(...verdicts.map(({ maxInAnySecond }) => maxInAnySecond)),
    rejected: verdicts.reduce((sum, { rejected }) => sum + rejected, 0),
  };
  const slowest = percentile(delaysMs, 0.99);
  return {
    case: 'deep-backlog',
    system: 'ours',
    ...verdict,
    share: null,
    target: `lane B's call within ${ARRIVES_WITHIN_MS} ms (p99), commands and memory for a job within 10 % of few`,
    breaches: breachesOf(verdict),
    shortfalls: [
      ...(slowest <= ARRIVES_WITHIN_MS ? [] : [`lane B's p99 is ${slowest} ms`]),
      ...(many.commands <= few.commands * GROWTH_MAX ? [] : ['more commands for a job']),
      ...(many.bytes <= few.bytes * GROWTH_MAX ? [] : ['more memory for a job']),
    ],
    note:
      `lane B's call after ${percentile(delaysMs, 0.5)} ms (p50), ${slowest} ms (p99 of ${delaysMs.length}); for a job ` +
      `${few.commands.toFixed(1)} commands and ${Math.round(few.bytes)} bytes with few waiting, ` +
      `${many.commands.toFixed(1)} and ${Math.round(many.bytes)} with all`,
  };
}
