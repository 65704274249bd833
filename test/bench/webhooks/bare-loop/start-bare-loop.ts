import { startProcess } from '#libs/testing';

export interface LoopOrder {
  readonly urls: readonly string[];
  readonly secret: string;
  /** What is sent, in turn, each time with an id of its own. */
  readonly envelopes: readonly object[];
  /** How many to each URL. */
  readonly each: number;
  /** How many at once to each URL. */
  readonly placesEach: number;
}

export interface StartedLoop {
  /** Resolves when everything is sent. */
  run(): Promise<void>;
}

/** A process that sends on demand. Its connections stand when this resolves. */
export async function startBareLoop(order: LoopOrder): Promise<StartedLoop> {
  const process = await startProcess({
    name: 'bare-loop',
    entry: 'dist/test/bench/webhooks/bare-loop/main.js',
    args: [JSON.stringify(order)],
    env: {},
    readyWhen: (line) => line.includes('bare_loop.ready'),
  });
  return {
    run: async () => {
      process.signal('SIGUSR2');
      const code = await process.exited;
      if (code !== 0) throw new Error(`the bare loop ended with ${code}; it wrote:\n${process.logs()}`);
    },
  };
}
