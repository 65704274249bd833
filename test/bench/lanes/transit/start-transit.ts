import { startProcess } from '#libs/testing';

export interface CallTimes {
  readonly count: number;
  readonly meanMs: number;
}

export interface StartedTransit {
  /** What clients take for the cloud. */
  readonly url: string;
  /** Lays the road to the judge, and forgets the call times of the one before. */
  lead(judgeUrl: string, jitterMs: number): Promise<void>;
  callTimes(): Promise<CallTimes>;
  stop(): Promise<unknown>;
}

export async function startTransit(): Promise<StartedTransit> {
  const process = await startProcess({
    name: 'transit',
    entry: 'dist/test/bench/lanes/transit/main.js',
    env: {},
    readyWhen: (line) => line.includes('transit.listening'),
  });
  const { url, controlUrl } = JSON.parse(process.logs()) as { url: string; controlUrl: string };
  return {
    url,
    lead: async (judgeUrl, jitterMs) => {
      await fetch(controlUrl, {
        method: 'PUT',
        body: JSON.stringify({ port: Number(new URL(judgeUrl).port), jitterMs }),
      });
    },
    callTimes: async () => (await (await fetch(controlUrl)).json()) as CallTimes,
    stop: () => process.stop(),
  };
}
