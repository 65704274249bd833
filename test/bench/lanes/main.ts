import { startTestServers, stopAllProcesses, stopTestServers } from '#libs/testing';
import type { Row } from './bench-case.js';
import { readOptions } from './options.js';
import { describeMachine, machineInWords } from './report/machine.js';
import { tableOf } from './report/table.js';
import { isMissed, verdictOf } from './report/words.js';
import { writeDocs } from './report/write-docs.js';
import { runCase } from './run-case.js';

/** Ends with exit code 1 when ours missed a target. */
const { cases, extent, writesDocs } = readOptions(process.argv.slice(2));
const at = new Date();
const rows: Row[] = [];
await startTestServers();
try {
  const machine = await describeMachine();
  for (const benchCase of cases) {
    console.error(`${benchCase.name}: ${benchCase.title} …`);
    rows.push(...(await runCase(benchCase, extent)));
    const ours = rows.find((row) => row.case === benchCase.name && row.system === 'ours');
    if (ours !== undefined) console.error(`  ${verdictOf(ours)}`);
  }
  console.log(`\n${machineInWords(machine)}\n\n${tableOf(rows)}\n`);
  if (writesDocs) await writeDocs({ at, calls: extent.calls, machine, rows });
} finally {
  await stopAllProcesses();
  await stopTestServers();
}
process.exit(rows.some(isMissed) ? 1 : 0);
