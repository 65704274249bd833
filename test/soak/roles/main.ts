import { parseArgs } from 'node:util';
import { stopAllProcesses } from '#libs/testing';
import { noInspectionFaults } from '../../support/no-inspection-faults.js';
import { FULL } from './plan.js';
import { type Check, soakRoles } from './run.js';

/** Ends with exit code 1 when a call met the end of its session, or anything else that must hold did not. */
const minutes = readMinutes();
let checks: readonly Check[] = [];
try {
  checks = await soakRoles({ ...FULL, seconds: minutes * 60 });
  const { accounts, workers, ordersASecond, tokenLifeMs } = FULL;
  console.log(
    `\n${minutes} min, ${accounts} roles, ${workers} workers, ${ordersASecond} orders a second, ` +
      `sessions that live ${tokenLifeMs / 1000} s\n\n${tableOf(checks)}\n`,
  );
} finally {
  await stopAllProcesses();
}
process.exit(noInspectionFaults() && checks.length > 0 && checks.every(({ holds }) => holds) ? 0 : 1);

function tableOf(rows: readonly Check[]): string {
  const lines = [
    ['must hold', 'seen', 'verdict'],
    ...rows.map(({ what, seen, holds }) => [what, seen, holds ? 'holds' : 'MISSED']),
  ];
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}

function readMinutes(): number {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
    const number = Number(values.minutes);
    if (!/^\d+(?:\.\d+)?$/.test(values.minutes) || number <= 0 || number > 1440)
      throw new Error(`--minutes must be a number up to 1440, not "${values.minutes}"`);
    return number;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee docs/roles.md.`);
    return process.exit(2);
  }
}
