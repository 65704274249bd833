import { parseArgs } from 'node:util';
import { startTestServers, stopAllProcesses, stopTestServers } from '#libs/testing';
import { noInspectionFaults } from '../../support/no-inspection-faults.js';
import { runDrill } from './drill.js';
import { FULL, SHORT } from './plan.js';
import { tablesOf } from './table.js';

/** Ends with exit code 1 when anything that must hold did not. */
const values = readArguments();
const plan = {
  ...(values.short ? SHORT : FULL),
  ...(values.credentials !== null && { credentials: values.credentials }),
};

let missed = true;
try {
  await startTestServers();
  const drill = await runDrill(plan);
  console.log(`${plan.credentials} credentials, ${plan.gateways} gateways, ${plan.workers} workers\n`);
  console.log(tablesOf(drill));
  missed = drill.checks.some(({ holds }) => !holds);
} finally {
  await stopAllProcesses();
  await stopTestServers();
}
process.exit(noInspectionFaults() && !missed ? 0 : 1);

function readArguments(): { readonly short: boolean; readonly credentials: number | null } {
  try {
    const { short, credentials } = parseArgs({
      options: { short: { type: 'boolean', default: false }, credentials: { type: 'string' } },
    }).values;
    const number = credentials === undefined ? null : Number(credentials);
    if (number !== null && (!Number.isInteger(number) || number < 10 || number > 1_000_000))
      throw new Error('--credentials must be a whole number from 10 to 1000000');
    return { short, credentials: number };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee docs/master-keys.md.`);
    return process.exit(2);
  }
}
