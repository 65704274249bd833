import { percentile } from '../../lanes/pace.js';
import { percent } from '../../report/words.js';
import { arrivedAt } from '../arrived.js';
import type { BenchCase, Extent, Findings, Latencies, Row } from '../bench-case.js';
import { requestsFor } from '../plan.js';
import type { Conduct } from '../receivers/conduct.js';
import { ENDPOINTS, FAN_OUT, type Stage } from '../stage.js';
import type { Outcome } from '../verdict.js';

const BAD: readonly Conduct[] = ['hangs', 'fails', 'slow'];
const CONDUCTS: readonly Conduct[] = [
  ...Array.from({ length: ENDPOINTS - BAD.length }, (): Conduct => 'works'),
  ...BAD,
];
const GOOD_ONES = CONDUCTS.flatMap((conduct, receiver) => (conduct === 'works' ? [receiver] : []));
const BAD_ONES = CONDUCTS.flatMap((conduct, receiver) => (conduct === 'works' ? [] : [receiver]));

/** Of the p99 without the three. */
const P99_AT_MOST = 1.1;
/**
 * One event at a time costs about twice as much a delivery as a burst does, and the receivers and the writer want the same
 * two cores: at half of the burst's pace the machine is full, and deliveries wait for one another whoever else there is.
 */
const SHARE_OF_FULL_SPEED = 0.25;
const EVENTS_PER_SECOND_SHORT = 100;
const WARM_UP_EVENTS = 1500;
const TURNS = 5;

const TARGET = 'each arrives, each request in order';
const WITHOUT = 'ours, 17 that work';
const WITH_THREE = 'ours, the same 17 beside the three';

interface Pass extends Outcome {
  readonly events: number;
  readonly seconds: number;
}

/** The same events at the same pace to the same seventeen, with and without three that are no good. */
export const badNeighbours: BenchCase = {
  name: 'bad-neighbours',
  title: 'one endpoint hangs, one answers 500, one takes 2 s; 17 work',
  run: async (stage, extent, findings) => {
    const good = await stage.subscribe(GOOD_ONES);
    await stage.receivers.behave(CONDUCTS);
    const rows = extent.short
      ? [rowOf(await besideBad(stage, extent.events, EVENTS_PER_SECOND_SHORT), WITH_THREE)]
      : await compared(stage, extent.events, eventsPerSecond(extent, findings));
    await stage.unsubscribe(good);
    return rows;
  },
};

function eventsPerSecond({ eventsPerSecond: given }: Extent, { fullSpeed }: Findings): number {
  if (given !== null) return given;
  if (fullSpeed === undefined) throw new Error('without the burst the pace is not known: give --rate');
  return (fullSpeed * SHARE_OF_FULL_SPEED) / FAN_OUT;
}

/**
 * By turns, so that what drifts on the machine or is done by others there falls on both: five times a fifth of the events
 * beside the three, and between and around them as many without.
 */
async function compared(stage: Stage, events: number, rate: number): Promise<readonly Row[]> {
  await pass(stage, WARM_UP_EVENTS, rate);
  const turn = events / TURNS;
  const withThree: Pass[] = [];
  const without: Pass[] = [await pass(stage, turn / 2, rate)];
  while (withThree.length < TURNS) {
    withThree.push(await besideBad(stage, turn, rate));
    without.push(await pass(stage, withThree.length < TURNS ? turn : turn / 2, rate));
  }
  const ratio = latenciesOf(joined(withThree)).p99 / latenciesOf(joined(without)).p99;
  const said = `p99 is ${percent(ratio)} of that without the three`;
  return [
    { ...rowOf(joined(without), WITHOUT), note: p99OfEach(without) },
    {
      ...rowOf(joined(withThree), WITH_THREE),
      target: `${TARGET}; p99 at most 10 % above that without the three`,
      shortfalls: ratio <= P99_AT_MOST ? [] : [said],
      note: `${said}; ${p99OfEach(withThree)}`,
    },
  ];
}

async function besideBad(stage: Stage, events: number, rate: number): Promise<Pass> {
  const bad = await stage.subscribe(BAD_ONES);
  const withThree = await pass(stage, events, rate);
  await stage.unsubscribe(bad);
  return withThree;
}

async function pass(stage: Stage, events: number, rate: number): Promise<Pass> {
  await stage.receivers.forget();
  const written = await stage.writer.writePaced(requestsFor(events), rate);
  const outcome = await arrivedAt(stage, GOOD_ONES, written, 30_000);
  const seconds = ((written.at(-1)?.committedAtMs ?? 0) - (written[0]?.committedAtMs ?? 0)) / 1000;
  return { ...outcome, events: written.length, seconds };
}

function joined(passes: readonly Pass[]): Pass {
  const sum = (count: (one: Pass) => number): number => passes.reduce((total, one) => total + count(one), 0);
  return {
    events: sum(({ events }) => events),
    seconds: sum(({ seconds }) => seconds),
    deliveries: sum(({ deliveries }) => deliveries),
    latenciesMs: passes.flatMap(({ latenciesMs }) => latenciesMs),
    lastAtMs: passes.at(-1)?.lastAtMs ?? Number.NaN,
    repeated: sum(({ repeated }) => repeated),
    breaches: passes.flatMap(({ breaches }) => breaches),
  };
}

function rowOf(one: Pass, system: string): Row {
  return {
    case: 'bad-neighbours',
    system,
    events: one.events,
    deliveries: one.deliveries,
    seconds: one.seconds,
    latencyMs: latenciesOf(one),
    share: null,
    target: TARGET,
    breaches: one.breaches,
    shortfalls: [],
    note: one.repeated === 0 ? '' : `${one.repeated} came twice`,
  };
}

/** How far they are apart tells what the comparison is worth on this machine. */
function p99OfEach(passes: readonly Pass[]): string {
  return `by turns ${passes.map((one) => latenciesOf(one).p99.toFixed(0)).join(', ')} ms`;
}

function latenciesOf({ latenciesMs }: Pass): Latencies {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(latenciesMs, share));
  return { p50: p50 ?? Number.NaN, p95: p95 ?? Number.NaN, p99: p99 ?? Number.NaN };
}
