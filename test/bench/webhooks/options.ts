import { parseArgs } from 'node:util';
import type { BenchCase, Extent } from './bench-case.js';
import { CASES } from './cases.js';

export interface BenchOptions {
  readonly cases: readonly BenchCase[];
  readonly extent: Extent;
  /** Only a whole run becomes the record. */
  readonly writesDocs: boolean;
}

const WHOLE = { events: 10_000, pending: 5000 };
export const SHORT: Extent = { events: 300, pending: 500, eventsPerSecond: null, short: true };

export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      case: { type: 'string', multiple: true, default: [] },
      rate: { type: 'string' },
      short: { type: 'boolean', default: false },
      'no-docs': { type: 'boolean', default: false },
    },
  });
  const unknown = values.case.filter((name) => CASES.every((known) => known.name !== name));
  if (unknown.length > 0)
    throw new Error(`no case is called ${unknown.join(', ')}; there are ${CASES.map(({ name }) => name).join(', ')}`);
  const eventsPerSecond = values.rate === undefined ? null : Number(values.rate);
  if (eventsPerSecond !== null && !(eventsPerSecond >= 1)) throw new Error('--rate is a number of events a second');
  const isWhole = !values.short && values.case.length === 0 && eventsPerSecond === null;
  return {
    cases: values.case.length === 0 ? CASES : CASES.filter(({ name }) => values.case.includes(name)),
    extent: values.short ? { ...SHORT, eventsPerSecond } : { ...WHOLE, eventsPerSecond, short: false },
    writesDocs: isWhole && !values['no-docs'],
  };
}
