import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { type GuardedProcess, type GuardedProcessOptions, startGuarded } from './guarded-process.js';

/** A real server on loopback that ends with us, however we end. */
export interface LocalServer {
  readonly url: string;
  readonly port: number;
  /** Where its data really is; see `startPostgres` on when that is not where it was asked for. */
  readonly dataDirectory: string;
  /** Settles with the exit code when the server is gone, asked for or not. */
  readonly exited: Promise<number>;
  /** Ends in good order, with everything on disk. Safe to repeat. */
  stop(): Promise<void>;
}

export interface ServerStart {
  /** Fixed by the caller, or any free one. */
  readonly port: number | undefined;
  readonly process: (port: number) => Omit<GuardedProcessOptions, 'onLine'>;
  /** What it writes once it answers. */
  readonly readyWords: string;
  readonly log: (line: string) => void;
}

const READY_MS = 60_000;
const ATTEMPTS_MAX = 20;
const PAUSE_MS = 500;
const PORT_TAKEN = /address already in use/i;
// The last backends of a killed PostgreSQL need a moment to notice that they are alone.
const PREDECESSOR_STILL_ENDING = /pre-existing shared memory block/i;

/** Starts until it is ready, on another port when the one found free was taken in between. */
export async function startServer(start: ServerStart): Promise<{ process: GuardedProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = start.port ?? (await freePort());
    const lines: string[] = [];
    const process = await startUntilReady(start, port, lines);
    if (process) return { process, port };

    const output = lines.slice(-10).join('\n');
    const passing = (start.port === undefined && PORT_TAKEN.test(output)) || PREDECESSOR_STILL_ENDING.test(output);
    if (!passing || attempt >= ATTEMPTS_MAX) {
      throw new Error(`${start.process(port).command} did not start on port ${port}:\n${output}`);
    }
    await sleep(PAUSE_MS);
  }
}

async function startUntilReady(start: ServerStart, port: number, lines: string[]): Promise<GuardedProcess | undefined> {
  let becomeReady: (isReady: boolean) => void;
  const ready = new Promise<boolean>((resolve) => (becomeReady = resolve));
  const process = await startGuarded({
    ...start.process(port),
    onLine: (line) => {
      if (lines.push(line) > 100) lines.shift();
      start.log(line);
      if (line.includes(start.readyWords)) becomeReady(true);
    },
  });
  const timeout = setTimeout(() => becomeReady(false), READY_MS);
  const isReady = await Promise.race([ready, process.exited.then(() => false)]);
  clearTimeout(timeout);
  if (isReady) return process;
  await process.stop();
  return undefined;
}
