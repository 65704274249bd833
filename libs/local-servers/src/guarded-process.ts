import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { forgetOrphan, watchOrphan } from './orphan-watch.js';

export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the child. Left out, it inherits ours. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** The signal that this program takes as a request to end in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** How long it may take over that before it is killed. */
  readonly graceMs: number;
  /** A folder to remove when the child has to be ended because we died. */
  readonly throwAway?: string | undefined;
  readonly onLine?: (line: string) => void;
}

export interface GuardedProcess {
  readonly pid: number;
  /** Settles with the exit code when the process is gone, as shells count it: 128 + n for death by signal n. */
  readonly exited: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Ends it in good order, by force once its grace is over. Safe to repeat. */
  stop(): Promise<number>;
}

/**
 * A child that never outlives us, however we die. It stands in a process group of its own, because Ctrl-C signals the
 * whole group of the terminal: a database would otherwise be gone before those who still write to it.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { command, args, stopSignal, graceMs, throwAway, onLine, ...rest } = options;
  const child = spawn(command, args, { ...rest, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  const pid = child.pid;
  if (pid === undefined) {
    const [error] = (await once(child, 'error')) as [Error];
    throw error;
  }
  watchOrphan({ pid, stopSignal, graceMs, throwAway });
  child.once('exit', () => forgetOrphan(pid));
  for (const stream of [child.stdout, child.stderr]) readLines(stream, onLine);

  const stop = async (): Promise<number> => {
    child.kill(stopSignal);
    const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
    return exited.finally(() => clearTimeout(force));
  };
  return { pid, exited, stop, signal: (signal) => void child.kill(signal) };
}

function readLines(stream: Readable, onLine: GuardedProcessOptions['onLine']): void {
  const lines = createInterface({ input: stream, crlfDelay: Infinity });
  lines.on('line', (line) => onLine?.(line));
}
