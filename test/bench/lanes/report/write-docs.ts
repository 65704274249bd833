import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/testing';
import type { Row } from '../bench-case.js';
import { type Machine, machineInWords } from './machine.js';
import { tableOf } from './table.js';
import { verdictOf } from './words.js';

const BEGIN = '<!-- bench:lanes begins -->';
const END = '<!-- bench:lanes ends -->';

export interface BenchRun {
  readonly at: Date;
  readonly calls: number;
  readonly machine: Machine;
  readonly rows: readonly Row[];
}

/** The run as JSON, and its table in the place that the page keeps for it. */
export async function writeDocs({ at, calls, machine, rows }: BenchRun): Promise<void> {
  const docs = join(repositoryRoot(), 'docs');
  const record = {
    at: at.toISOString(),
    calls,
    machine,
    rows: rows.map((row) => ({ ...row, verdict: verdictOf(row) })),
  };
  await mkdir(join(docs, 'benchmarks'), { recursive: true });
  await writeFile(join(docs, 'benchmarks/lanes.json'), `${JSON.stringify(record, null, 2)}\n`);

  const page = join(docs, 'benchmarks.md');
  const text = await readFile(page, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/benchmarks.md has no place between ${BEGIN} and ${END}`);
  const result = `${at.toISOString().slice(0, 10)}. ${machineInWords(machine)}.\n\n${tableOf(rows)}`;
  await writeFile(page, `${text.slice(0, begin)}${BEGIN}\n\n${result}\n\n${text.slice(end)}`);
}
