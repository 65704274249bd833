import { setTimeout as sleep } from 'node:timers/promises';
import type { SimulatorCall } from '../../../support/simulator-control.js';
import { arrived, post } from '../backlog.js';
import type { BenchCase, Row } from '../bench-case.js';
import { arrivalsOf, judge } from '../judge.js';
import { percent } from '../../report/words.js';
import { isOfStranger, visit } from '../stranger.js';

const STRANGER_PER_SECOND = 4;

/** How long each part lasts. Ours has time to settle within the visit and to return after it. */
const FULL = { aloneMs: 10_000, visitMs: 60_000, settleMs: 10_000, returnMs: 30_000, backMs: 10_000 };
const SHORT = { aloneMs: 1000, visitMs: 6000, settleMs: 3000, returnMs: 2000, backMs: 1000 };

export const stranger: BenchCase = {
  name: 'stranger',
  title: `a stranger takes ${STRANGER_PER_SECOND} a second of the same sub-account, then leaves`,
  jitterMs: 0,
  callMs: 5,
  settings: {},
  ours: async (product, extent) => {
    const { account } = product.tenant;
    const { simulator } = product.service;
    const parts = extent.short ? SHORT : FULL;
    const totalMs = parts.aloneMs + parts.visitMs + parts.returnMs + parts.backMs;
    const before = (await arrivalsOf(simulator, account.uin)).length;
    await post(product, Math.ceil((totalMs / 1000) * 10) + 50, account);
    await arrived(product, account.uin, before + 1);
    await sleep(parts.aloneMs);
    await visit(product.transit.url, account, { callsPerSecond: STRANGER_PER_SECOND, forMs: parts.visitMs });
    await sleep(parts.returnMs + parts.backMs);

    const arrivals = (await arrivalsOf(simulator, account.uin)).slice(before);
    return rowOf(arrivals, parts);
  },
};

function rowOf(arrivals: readonly SimulatorCall[], parts: typeof FULL): Row {
  const ours = arrivals.filter((call) => !isOfStranger(call.imageName));
  const theirs = arrivals.filter((call) => isOfStranger(call.imageName));
  const cameAt = theirs[0]?.arrivedAtMs ?? Number.NaN;
  const leftAt = theirs.at(-1)?.arrivedAtMs ?? Number.NaN;
  const settled = between(ours, cameAt + parts.settleMs, leftAt);
  const rejectedShare = settled.filter((call) => call.rateLimited).length / Math.max(1, settled.length);
  const settledPace = paceOf(settled, leftAt - cameAt - parts.settleMs);
  const backFrom = leftAt + parts.returnMs;
  const backPace = paceOf(between(ours, backFrom, backFrom + parts.backMs), parts.backMs);
  return {
    case: 'stranger',
    system: 'ours',
    ...judge(ours),
    share: null,
    target: '5-6 a second within 10 s, under 1 % rejected once settled, at least 9 a second within 30 s of the leaving',
    breaches: [],
    shortfalls: [
      ...(settledPace >= 5 && settledPace <= 6 ? [] : [`settled at ${settledPace}`]),
      ...(rejectedShare < 0.01 ? [] : [`${percent(rejectedShare)} rejected once settled`]),
      ...(backPace >= 9 ? [] : [`back to ${backPace} only`]),
    ],
    note:
      `settled at ${settledPace} a second with ${percent(rejectedShare)} rejected, ` +
      `back to ${backPace} a second; of the stranger's ${theirs.length} calls ` +
      `${theirs.filter((call) => call.rateLimited).length} were rejected`,
  };
}

function between(calls: readonly SimulatorCall[], fromMs: number, toMs: number): readonly SimulatorCall[] {
  return calls.filter(({ arrivedAtMs }) => arrivedAtMs >= fromMs && arrivedAtMs < toMs);
}

/** A second, to one decimal. */
function paceOf(calls: readonly SimulatorCall[], ms: number): number {
  return Math.round((calls.length / ms) * 10_000) / 10;
}
