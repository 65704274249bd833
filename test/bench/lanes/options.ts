import { parseArgs } from 'node:util';
import type { BenchCase, Extent } from './bench-case.js';
import { CASES } from './cases.js';

export interface BenchOptions {
  readonly cases: readonly BenchCase[];
  readonly extent: Extent;
  /** Only a whole run becomes the record. */
  readonly writesDocs: boolean;
}

const CALLS = 300;
const SHORT_CALLS = 40;
const WORKERS = 4;

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true, default: [] },
      calls: { type: 'string' },
      short: { type: 'boolean', default: false },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const unknown = values.case.filter((name) => CASES.every((known) => known.name !== name));
  if (unknown.length > 0)
    throw new Error(`no case is called ${unknown.join(', ')}; there are ${CASES.map(({ name }) => name).join(', ')}`);
  const calls = Number(values.calls ?? (values.short ? SHORT_CALLS : CALLS));
  if (!Number.isInteger(calls) || calls <= 10) throw new Error('--calls is a whole number above 10');
  return {
    cases: values.case.length === 0 ? CASES : CASES.filter(({ name }) => values.case.includes(name)),
    extent: { calls, workers: WORKERS, short: values.short },
    writesDocs: !values['no-docs'] && !values.short && values.case.length === 0,
  };
}
