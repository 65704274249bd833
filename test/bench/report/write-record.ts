import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/testing';
import { type Machine, machineInWords } from './machine.js';
import { type Judged, verdictOf } from './words.js';

export interface BenchRecord {
  /** Of the JSON file, and of the place that the page keeps for the table. */
  readonly name: string;
  readonly at: Date;
  readonly extent: Readonly<Record<string, number>>;
  readonly machine: Machine;
  readonly rows: readonly Judged[];
  /** The rows as they stand in the page. */
  readonly table: string;
}

/** The run as JSON, and its table in the place that the page keeps for it. */
export async function writeRecord({ name, at, extent, machine, rows, table }: BenchRecord): Promise<void> {
  const docs = join(repositoryRoot(), 'docs');
  const record = {
    at: at.toISOString(),
    ...extent,
    machine,
    rows: rows.map((row) => ({ ...row, verdict: verdictOf(row) })),
  };
  await mkdir(join(docs, 'benchmarks'), { recursive: true });
  await writeFile(join(docs, `benchmarks/${name}.json`), `${JSON.stringify(record, null, 2)}\n`);

  const page = join(docs, 'benchmarks.md');
  const text = await readFile(page, 'utf8');
  const [beginMark, endMark] = [`<!-- bench:${name} begins -->`, `<!-- bench:${name} ends -->`];
  const [begin, end] = [text.indexOf(beginMark), text.indexOf(endMark)];
  if (begin < 0 || end < begin) throw new Error(`docs/benchmarks.md has no place between ${beginMark} and ${endMark}`);
  const result = `${at.toISOString().slice(0, 10)}. ${machineInWords(machine)}.\n\n${table}`;
  await writeFile(page, `${text.slice(0, begin)}${beginMark}\n\n${result}\n\n${text.slice(end)}`);
}
