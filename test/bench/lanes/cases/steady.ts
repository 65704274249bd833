import type { SimulatorCall } from '../../../support/simulator-control.js';
import { arrived, post } from '../backlog.js';
import type { BenchCase, Extent, Row } from '../bench-case.js';
import { breachesOf, judge, LIMIT, timesOf } from '../judge.js';
import { pace } from '../pace.js';
import { runPeer } from '../peers/run-peer.js';
import type { Product } from '../product.js';
import { percent } from '../../report/words.js';

const PEERS = ['bullmq', 'rate-limiter-flexible', 'bottleneck'] as const;

interface Steady {
  readonly name: string;
  readonly title: string;
  readonly jitterMs: number;
  readonly callMs: number;
  readonly settings?: Readonly<Record<string, string>>;
  readonly targetShare: number;
  /** True when a token can only come back with the answer, so that the possible is the limit over 1 s + a call. */
  readonly isPossibleLessCallTime?: boolean;
}

/** One account with a backlog, called at full pace; what ours and the others make of the same limit on the same road. */
export function steadyCase(steady: Steady): BenchCase {
  const { name, title, jitterMs, callMs, settings = {} } = steady;
  return {
    name,
    title,
    jitterMs,
    callMs,
    settings,
    ours: async (product, extent) => {
      const arrivals = await backlogCalled(product, extent);
      const meanCallMs = (await product.transit.callTimes()).meanMs;
      const row = rowOf(steady, 'ours', arrivals, meanCallMs);
      const isShort = row.share === null || row.share < steady.targetShare;
      return {
        ...row,
        target: `0 rejected, at most ${LIMIT} in any 1 s, at least ${percent(steady.targetShare)}`,
        breaches: breachesOf(row),
        shortfalls: isShort ? [`share below ${percent(steady.targetShare)}`] : [],
      };
    },
    peers: async (ground, { calls, workers }) => {
      const rows: Row[] = [];
      for (const kind of PEERS) {
        const run = await runPeer(ground, { kind, calls, processes: workers });
        const { meanMs } = await ground.transit.callTimes();
        rows.push(rowOf(steady, `${kind}, ${workers} processes`, run, meanMs));
      }
      return rows;
    },
  };
}

/** Those that arrive while the backlog is still being posted are not timed, but called in addition to the rest. */
async function backlogCalled(product: Product, { calls }: Extent): Promise<readonly SimulatorCall[]> {
  const { account } = product.tenant;
  const before = (await arrived(product, account.uin, 0)).length;
  await post(product, calls, account);
  const early = (await arrived(product, account.uin, 0)).length - before;
  await post(product, early, account);
  const all = await arrived(product, account.uin, before + calls + early);
  return all.slice(before + early);
}

function rowOf(steady: Steady, system: string, arrivals: readonly SimulatorCall[], meanCallMs: number): Row {
  const possible = steady.isPossibleLessCallTime === true ? LIMIT / (1 + meanCallMs / 1000) : LIMIT;
  const admittedPace = pace(timesOf(arrivals.filter((call) => !call.rateLimited)), LIMIT);
  return {
    case: steady.name,
    system,
    ...judge(arrivals),
    share: admittedPace === null ? null : admittedPace / possible,
    target: '',
    breaches: [],
    shortfalls: [],
    note: `a call takes ${Math.round(meanCallMs)} ms`,
  };
}
