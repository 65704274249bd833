import type { SimulatorCall } from '../../../support/simulator-control.js';
import { createAccount, type TestAccount } from '../../../support/whole-service.js';
import { arrived } from '../backlog.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { fillLanes, settled } from '../fill-lanes.js';
import { arrivalsOf, breachesOf, judge } from '../judge.js';
import { mean } from '../pace.js';
import { runPeer } from '../peers/run-peer.js';
import type { Product } from '../product.js';
import { percent } from '../../report/words.js';

const SPREAD_MAX = 0.05;
/** How long all lanes together may take for a call of one of them, on a machine that is far slower than the one on record. */
const MS_A_CALL_MAX = 50;
interface Size {
  readonly lanes: number;
  readonly waitingInEach: number;
  /** Of each lane before the timing begins: all are woken at one moment, with ten jobs each, and those must be through. */
  readonly callsBefore: number;
  /** So many of each lane that one more or less is little beside them, however fast the machine; null: all of them. */
  readonly callsTimed: number | null;
  readonly bareCalls: number;
}
const FULL: Size = { lanes: 200, waitingInEach: 320, callsBefore: 12, callsTimed: 160, bareCalls: 10_000 };
const SHORT: Size = { lanes: 10, waitingInEach: 15, callsBefore: 1, callsTimed: null, bareCalls: 400 };

export const manyLanes: BenchCase = {
  name: 'many-lanes',
  title: `${FULL.lanes} lanes at once`,
  jitterMs: 0,
  callMs: 5,
  settings: {},
  ours: async (product, extent) => {
    const { lanes, waitingInEach, callsBefore, callsTimed } = sizeFor(extent);
    const accounts = await manyAccounts(product, lanes);
    await settled(product, await fillLanes(product, accounts, lanes * waitingInEach));
    const callsOfEach = callsTimed === null ? waitingInEach : callsBefore;
    await Promise.all(accounts.map(({ uin }) => arrived(product, uin, callsOfEach)));
    if (callsTimed === null) return rowOf(await allCalls(product), accounts, waitingInEach, null);

    const from = (await allCalls(product)).at(-1)?.arrivedAtMs ?? Number.NaN;
    // Any lane will do: that they are at one is what the timing is to show.
    const [{ uin }] = accounts as [TestAccount];
    const before = (await arrivalsOf(product.service.simulator, uin)).length;
    const timed = await arrived(product, uin, before + callsTimed, callsTimed * lanes * MS_A_CALL_MAX);
    const to = timed.at(-1)?.arrivedAtMs ?? Number.NaN;
    return rowOf(await allCalls(product), accounts, waitingInEach, { from, to });
  },
  peers: async (ground, extent, ours) => {
    const { lanes, bareCalls } = sizeFor(extent);
    // Nothing holds it to the limit, so nothing may refuse it either: it shows what the machine can do.
    await ground.simulator.changeSettings({ limits: { CreateImage: 1_000_000 } });
    const arrivals = await runPeer(ground, {
      kind: 'bare-bullmq',
      calls: bareCalls,
      processes: extent.workers,
      accounts: lanes,
    });
    const verdict = judge(arrivals);
    const share = ours.calls / ours.seconds / (verdict.calls / verdict.seconds);
    return [
      {
        case: ours.case,
        system: `a bare BullMQ worker, ${extent.workers} processes`,
        ...verdict,
        share: null,
        target: '',
        breaches: [],
        shortfalls: [],
        note: `${Math.round(verdict.calls / verdict.seconds)} calls a second without any limit; ours makes ${percent(share)} of that`,
      },
    ];
  },
};

function sizeFor({ short }: Extent): Size {
  return short ? SHORT : FULL;
}

function allCalls({ service }: Product): Promise<readonly SimulatorCall[]> {
  return service.simulator.calls({ action: 'CreateImage' });
}

async function manyAccounts({ tenant, service }: Product, count: number): Promise<readonly TestAccount[]> {
  const accounts: TestAccount[] = [];
  for (let n = 0; n < count; n += 1) accounts.push(await createAccount(tenant.api, service.simulator));
  return accounts;
}

/**
 * Timed from when every lane has had its first calls, for as long as the window lasts, or until the first lane runs out:
 * in between every lane has work to do.
 */
function rowOf(
  all: readonly SimulatorCall[],
  accounts: readonly TestAccount[],
  waitingInEach: number,
  window: { readonly from: number; readonly to: number } | null,
): Row {
  const lanes = accounts.map(({ uin }) => all.filter((call) => call.uin === uin));
  const from = window?.from ?? Math.max(...lanes.map((lane) => lane[0]?.arrivedAtMs ?? Infinity));
  const runsOut = Math.min(...lanes.map((lane) => lane[waitingInEach - 1]?.arrivedAtMs ?? Infinity));
  const to = Math.min(window?.to ?? Infinity, runsOut);
  const timed = lanes.map((lane) => lane.filter((call) => call.arrivedAtMs >= from && call.arrivedAtMs < to));
  const counts = timed.map((lane) => lane.length);
  const [least, most, usual] = [Math.min(...counts), Math.max(...counts), mean(counts)];
  // A lane's count is a whole number, so one call is the finest that can be told apart.
  const isEven = least > 0 && most - least <= Math.max(1, usual * SPREAD_MAX);
  const verdict = judge(lanes.flat().toSorted((left, right) => left.n - right.n));
  const perSecond = (usual * counts.length * 1000) / (to - from);
  return {
    case: 'many-lanes',
    system: 'ours',
    ...verdict,
    calls: counts.reduce((sum, count) => sum + count, 0),
    seconds: (to - from) / 1000,
    share: null,
    target: `0 rejected, each lane within ${percent(SPREAD_MAX)} of the others`,
    breaches: breachesOf(verdict),
    shortfalls: isEven ? [] : [`lanes made ${least} to ${most} calls`],
    note: `${Math.round(perSecond)} calls a second; each lane made ${least} to ${most}`,
  };
}
