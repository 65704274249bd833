import { parseArgs } from 'node:util';
import { stopAllProcesses } from '#libs/testing';
import { FULL, SHORT } from './plan.js';
import { type Run, runChaos } from './run.js';
import { inShort } from './verdict.js';

/** Ends with exit code 1 when anything that must hold did not. The same seed fails the same calls and picks the same victims. */
const { values } = parseArgs({
  options: { seed: { type: 'string' }, requests: { type: 'string' }, short: { type: 'boolean', default: false } },
});
const seed = wholeNumber('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 32);
const size = values.short ? SHORT : FULL;
const requests = wholeNumber('requests', values.requests) ?? size.requests;

let missed = false;
try {
  for (const enforceUniqueNames of [true, false]) {
    const siblings = Math.min(size.siblings, requests);
    const run = await runChaos({ ...size, requests, siblings, seed, enforceUniqueNames });
    console.log(`\n${headOf(run)}\n\n${tableOf(run)}\n`);
    missed ||= run.checks.some(({ faults }) => faults.length > 0);
  }
} finally {
  await stopAllProcesses();
}
process.exit(missed ? 1 : 0);

function headOf({ plan, seconds, harm }: Run): string {
  const names = plan.enforceUniqueNames ? 'the cloud refuses a name that is taken' : 'the cloud takes any name';
  return (
    `Seed ${plan.seed}; ${names}. ${plan.requests} requests, ${plan.accounts} accounts, ${plan.workers} workers, ` +
    `${plan.gateways} gateways, ${Math.round(seconds)} s.\nKilled: ${harm.workersKilled} workers, ` +
    `${harm.gatewaysKilled} gateways. Redis flushed ${harm.redisFlushed} and restarted ${harm.redisRestarted} times, ` +
    `PostgreSQL restarted ${harm.postgresRestarted} times.`
  );
}

function tableOf({ checks }: Run): string {
  const lines = [
    ['must hold', 'seen', 'verdict'],
    ...checks.map((check) => [check.what, check.seen, wordFor(check.faults)]),
  ];
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function wordFor(faults: readonly string[]): string {
  return faults.length === 0 ? 'holds' : `MISSED: ${inShort(faults)}`;
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number, not "${text}"`);
  return process.exit(2);
}
