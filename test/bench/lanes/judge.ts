import type { SimulatorCall, SimulatorControl } from '../../support/simulator-control.js';
import { maxInAnySecond, secondsBetween } from './pace.js';

export const LIMIT = 10;

/** Settings under which the judge hides nothing: a second image of one name comes to be and shows, and no quota ends a run. */
export async function prepareJudge(simulator: SimulatorControl, callMs: number): Promise<void> {
  await simulator.changeSettings({
    latencyMs: { min: callMs, max: callMs },
    enforceUniqueNames: false,
    imageQuota: 1_000_000,
  });
}

/** The calls of CreateImage that arrived for one account, in order of arrival. */
export async function arrivalsOf(simulator: SimulatorControl, uin: string): Promise<readonly SimulatorCall[]> {
  return simulator.calls({ action: 'CreateImage', uin });
}

export interface Verdict {
  readonly calls: number;
  readonly seconds: number;
  /** Of any one account. */
  readonly maxInAnySecond: number;
  readonly rejected: number;
}

export function judge(arrivals: readonly SimulatorCall[]): Verdict {
  const accounts = Map.groupBy(arrivals, (call) => call.uin);
  return {
    calls: arrivals.length,
    seconds: secondsBetween(timesOf(arrivals)),
    maxInAnySecond: Math.max(0, ...[...accounts.values()].map((calls) => maxInAnySecond(timesOf(calls)))),
    rejected: arrivals.filter((call) => call.rateLimited).length,
  };
}

export function timesOf(arrivals: readonly SimulatorCall[]): readonly number[] {
  return arrivals.map((call) => call.arrivedAtMs);
}

/** What must not happen to a lane that nobody else uses, in words. */
export function breachesOf({ maxInAnySecond, rejected }: Verdict): readonly string[] {
  return [
    ...(rejected > 0 ? [`${rejected} rejected`] : []),
    ...(maxInAnySecond > LIMIT ? [`${maxInAnySecond} in one second`] : []),
  ];
}
