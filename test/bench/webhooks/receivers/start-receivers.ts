import { startProcess } from '#libs/testing';
import type { Arrival, Conduct } from './conduct.js';

export interface StartedReceivers {
  /** One of each receiver. */
  readonly urls: readonly string[];
  /** From now on, in the order of the receivers; those that are left out stay as they are. */
  behave(conducts: readonly Conduct[]): Promise<void>;
  /** How many requests each has taken. */
  taken(): Promise<readonly number[]>;
  /** All that came since the last time it was forgotten, in order of arrival. */
  arrivals(): Promise<readonly Arrival[]>;
  forget(): Promise<void>;
  stop(): Promise<unknown>;
}

export async function startReceivers(count: number): Promise<StartedReceivers> {
  const process = await startProcess({
    name: 'receivers',
    entry: 'dist/test/bench/webhooks/receivers/main.js',
    args: [String(count)],
    env: {},
    readyWhen: (line) => line.includes('receivers.listening'),
  });
  const { urls, controlUrl } = JSON.parse(process.logs()) as { urls: readonly string[]; controlUrl: string };
  return {
    urls: urls.map((url) => `${url}/hook`),
    behave: async (conducts) => {
      await fetch(controlUrl, { method: 'PUT', body: JSON.stringify(conducts) });
    },
    taken: async () => (await (await fetch(controlUrl)).json()) as readonly number[],
    arrivals: async () => (await (await fetch(`${controlUrl}/arrivals`)).json()) as readonly Arrival[],
    forget: async () => {
      await fetch(controlUrl, { method: 'DELETE' });
    },
    stop: () => process.stop(),
  };
}
