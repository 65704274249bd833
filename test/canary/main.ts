import { parseArgs } from 'node:util';
import { stopAllProcesses } from '#libs/testing';
import { noInspectionFaults } from '../support/no-inspection-faults.js';
import { FULL, SHORT } from './plan.js';
import { type Check, type Run, runCanary } from './run.js';

const PLACE_CHARACTERS = 84;
/** Enough to see where it comes from. */
const FOUND_SHOWN = 10;

/** Ends with exit code 1 when a secret was found anywhere, or when a place was not really searched. */
const plan = planOf(process.argv.slice(2));
let run: Run;
try {
  run = await runCanary(plan);
} finally {
  await stopAllProcesses();
}
console.log(`\n${headOf(run)}\n\n${run.checks.map(lineOf).join('\n')}\n`);
process.exit(noInspectionFaults() && run.checks.every(isClean) ? 0 : 1);

function planOf(args: string[]): typeof FULL {
  try {
    const { values } = parseArgs({ args, options: { tenants: { type: 'string' }, short: { type: 'boolean' } } });
    const size = values.short === true ? SHORT : FULL;
    const tenants = values.tenants === undefined ? size.tenants : Number(values.tenants);
    if (!Number.isInteger(tenants) || tenants < 2 || tenants > 200)
      throw new Error(`--tenants must be a whole number from 2 to 200, not "${values.tenants}"`);
    return { ...size, tenants };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nSee docs/security.md.`);
    return process.exit(2);
  }
}

function headOf({ plan: { tenants }, secrets, answers, webhooks, seconds }: Run): string {
  return (
    `${tenants} tenants, ${secrets} secrets, ${answers} answers, ${webhooks} webhooks, ${Math.round(seconds)} s. ` +
    'Each secret was looked for as it is and in every encoding.'
  );
}

function isClean({ isSearched, found }: Check): boolean {
  return isSearched && found.length === 0;
}

function lineOf(check: Check): string {
  const size = `${(check.bytes / 1024 / 1024).toFixed(1)} MiB`;
  const head = `${check.place.padEnd(PLACE_CHARACTERS)}${size.padStart(12)}   ${verdictOf(check)}`;
  const shown = check.found.slice(0, FOUND_SHOWN).map((one) => `    ${one}`);
  return [head, ...shown].join('\n');
}

function verdictOf({ isSearched, found }: Check): string {
  if (!isSearched) return 'NOT SEARCHED: what stands there for certain was not found';
  return found.length === 0 ? 'no secret' : `${found.length} SECRETS FOUND`;
}
