import { startTestServers, stopAllProcesses, stopTestServers } from '#libs/testing';
import { noInspectionFaults } from '../../support/no-inspection-faults.js';
import { describeMachine, machineInWords } from '../report/machine.js';
import { isMissed, verdictOf } from '../report/words.js';
import { writeRecord } from '../report/write-record.js';
import type { Findings, Row } from './bench-case.js';
import { readOptions } from './options.js';
import { startStage } from './stage.js';
import { tableOf } from './table.js';

/** Ends with exit code 1 when ours missed a target. */
const { cases, extent, writesDocs } = readOptions(process.argv.slice(2));
const at = new Date();
const rows: Row[] = [];
await startTestServers();
try {
  const machine = await describeMachine();
  const stage = await startStage();
  const findings: Findings = {};
  for (const benchCase of cases) {
    console.error(`${benchCase.name}: ${benchCase.title} …`);
    const found = await benchCase.run(stage, extent, findings);
    rows.push(...found);
    for (const row of found) console.error(`  ${row.system}: ${verdictOf(row) || 'measured'}`);
  }
  await stage.stop();
  const table = tableOf(rows);
  console.log(`\n${machineInWords(machine)}\n\n${table}\n`);
  const { events, pending } = extent;
  if (writesDocs) await writeRecord({ name: 'webhooks', at, extent: { events, pending }, machine, rows, table });
} finally {
  await stopAllProcesses();
  await stopTestServers();
}
process.exit(noInspectionFaults() && !rows.some(isMissed) ? 0 : 1);
