import { startTestServers, stopAllProcesses, stopTestServers } from '#libs/testing';
import type { Row } from './bench-case.js';
import { describeMachine, machineInWords } from '../report/machine.js';
import { isMissed, verdictOf } from '../report/words.js';
import { writeRecord } from '../report/write-record.js';
import { readOptions } from './options.js';
import { runCase } from './run-case.js';
import { tableOf } from './table.js';

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
  const table = tableOf(rows);
  console.log(`\n${machineInWords(machine)}\n\n${table}\n`);
  if (writesDocs) await writeRecord({ name: 'lanes', at, extent: { calls: extent.calls }, machine, rows, table });
} finally {
  await stopAllProcesses();
  await stopTestServers();
}
process.exit(rows.some(isMissed) ? 1 : 0);
