import { parseArgs } from 'node:util';
import { stopAllProcesses } from '#libs/testing';
import { noInspectionFaults } from '../support/no-inspection-faults.js';
import { FULL, SHORT } from './plan.js';
import { type Run, runChaos } from './run.js';
import { inShort } from './verdict.js';

/** Ends with exit code 1 when anything that must hold did not. The same seed fails the same calls and picks the same victims. */
const SEED_MAX = 2 ** 32 - 1;
const values = readArguments();
const seed = wholeNumber('seed', values.seed, 0, SEED_MAX) ?? Math.floor(Math.random() * SEED_MAX);
const size = values.short ? SHORT : FULL;
const requests = wholeNumber('requests', values.requests, 1, 100_000) ?? size.requests;

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
process.exit(noInspectionFaults() && !missed ? 0 : 1);

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

function readArguments() {
  try {
    return parseArgs({
      options: { seed: { type: 'string' }, requests: { type: 'string' }, short: { type: 'boolean', default: false } },
    }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee docs/chaos.md.`);
    return process.exit(2);
  }
}

function wholeNumber(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  console.error(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
  return process.exit(2);
}
