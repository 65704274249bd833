import { integerFrom, JsonFault, listOf, type Reader } from './json-reader.js';
import type { SimulatorOptions } from './simulator.js';
import { readAccountOrder } from './state/account-order.js';

/** What is wrong with the environment, one line for each variable. Never repeats a value: one of them holds keys. */
export class SettingsFault extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join('\n'));
  }
}

/** The only place that reads the environment. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): SimulatorOptions {
  const faults: string[] = [];
  const setting = <T>(name: string, read: (text: string) => T): T | undefined => {
    const given = environment[name];
    if (given === undefined || given === '') return undefined;
    try {
      return read(given);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      faults.push(error.message);
      return undefined;
    }
  };

  const settings = {
    host: setting('SIMULATOR_HOST', (given) => given) ?? '127.0.0.1',
    port: setting('SIMULATOR_PORT', asNumber('SIMULATOR_PORT', integerFrom(0, 65_535))) ?? 9100,
    seed: setting('SIMULATOR_SEED', asNumber('SIMULATOR_SEED', integerFrom(0, 2 ** 32 - 1))),
    imageDurationMs: setting('SIMULATOR_IMAGE_DURATION_MS', asNumber('SIMULATOR_IMAGE_DURATION_MS', integerFrom(0))),
    accounts: setting('SIMULATOR_ACCOUNTS', readAccounts),
  };
  if (faults.length > 0) throw new SettingsFault(faults);
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function asNumber(name: string, reader: Reader<number>): (given: string) => number {
  return (given) => reader(given.trim() === '' ? Number.NaN : Number(given), name);
}

function readAccounts(given: string): unknown[] {
  const parsed = parseJson(given);
  listOf(readAccountOrder)(parsed, 'SIMULATOR_ACCOUNTS');
  return parsed as unknown[];
}

function parseJson(given: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    throw new JsonFault('SIMULATOR_ACCOUNTS must be a JSON array');
  }
}
