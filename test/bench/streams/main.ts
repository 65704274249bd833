import { parseArgs } from 'node:util';
import { startTestServers, stopAllProcesses, stopTestServers } from '#libs/testing';
import { noInspectionFaults } from '../../support/no-inspection-faults.js';
import { describeMachine, machineInWords } from '../report/machine.js';
import type { Memory } from './memory.js';
import { FULL, type Plan, SHORT } from './plan.js';
import { runStreams, type StreamsRun } from './run.js';

/** Ends with exit code 1 when any stream missed an event, got one twice, or got one out of turn. */
const plan = readPlan();
let missed = true;
await startTestServers();
try {
  const run = await runStreams(plan);
  console.log(`\n${machineInWords(await describeMachine())}\n\n${inWords(run)}\n`);
  missed = run.faults.length > 0;
} finally {
  await stopAllProcesses();
  await stopTestServers();
}
process.exit(noInspectionFaults() && !missed ? 0 : 1);

function inWords({ plan: { streams, tenants }, ...run }: StreamsRun): string {
  const { before, open, loaded, after } = run.memory;
  const rows = [
    ['memory of the gateway', 'RSS', 'heap', 'buffers'],
    ['before the streams', ...mebibytes(before)],
    ['with all of them open', ...mebibytes(open)],
    ['after the events, all open', ...mebibytes(loaded)],
    ['after they closed', ...mebibytes(after)],
  ];
  const table = rows.map(([what = '', ...cells]) => what.padEnd(28) + cells.map((cell) => cell.padStart(10)).join(''));
  return [
    `${streams} streams of ${tenants} tenants, ${run.events} events, ${run.arrivals} arrivals; each connection cut once, ` +
      `all back after ${Math.round(run.backMs)} ms.`,
    `From an event to its arrival: p50 ${run.p50Ms} ms, p99 ${run.p99Ms} ms.`,
    '',
    ...table,
    '',
    run.faults.length === 0
      ? 'Every stream told every event of its tenant exactly once and in order.'
      : `MISSED: ${run.faults.length} faults, such as: ${run.faults.slice(0, 5).join('; ')}`,
  ].join('\n');
}

function mebibytes({ rss, heapUsed, external }: Memory): readonly string[] {
  return [rss, heapUsed, external].map((bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`);
}

function readPlan(): Plan {
  const number = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      options: { streams: number, tenants: number, seconds: number, short: { type: 'boolean', default: false } },
    });
    const base = values.short ? SHORT : FULL;
    return {
      ...base,
      streams: wholeNumber('streams', values.streams, 2000) ?? base.streams,
      tenants: wholeNumber('tenants', values.tenants, 1000) ?? base.tenants,
      seconds: wholeNumber('seconds', values.seconds, 3600) ?? base.seconds,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee docs/events.md.`);
    return process.exit(2);
  }
}

function wholeNumber(name: string, text: string | undefined, max: number): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d*$/.test(text) || Number(text) > max) throw new Error(`--${name} is a whole number from 1 to ${max}`);
  return Number(text);
}
