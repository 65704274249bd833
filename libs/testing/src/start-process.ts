import { join } from 'node:path';
import { type GuardedProcess, startGuarded } from '#libs/local-servers';
import { repositoryRoot } from './repository-root.js';

export interface ProcessOptions {
  /** From the root of the repository, such as `dist/apps/gateway/src/main.js`. */
  readonly entry: string;
  /** All that it sees besides PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly readyWhen: (line: string) => boolean;
  readonly name: string;
  readonly args?: readonly string[];
  readonly readyTimeoutMs?: number;
}

export interface StartedProcess {
  readonly pid: number;
  /** The `url` of the first JSON line that had one. */
  readonly url: string | undefined;
  /** Settles with the exit code, as shells count it: 128 + n for death by signal n. */
  readonly exited: Promise<number>;
  /** All it wrote so far, both streams. */
  logs(): string;
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal, SIGTERM unless another is named, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

const ROOT = repositoryRoot();
const started = new Set<GuardedProcess>();

/** Runs a built app as an operator would, with nothing of ours in its environment. It ends with the test run at the latest. */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const lines: string[] = [];
  let url: string | undefined;
  let becomeReady: () => void;
  const ready = new Promise<'ready'>((resolve) => (becomeReady = () => resolve('ready')));
  const process = await startGuarded({
    command: globalThis.process.execPath,
    args: [join(ROOT, options.entry), ...(options.args ?? [])],
    env: { ...ofTheRunner(), ...options.env },
    cwd: ROOT,
    stopSignal: 'SIGTERM',
    graceMs: 30_000,
    onLine: (line) => {
      lines.push(line);
      url ??= urlIn(line);
      if (options.readyWhen(line)) becomeReady();
    },
  });
  started.add(process);
  void process.exited.then(() => started.delete(process));

  const logs = (): string => lines.join('\n');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number> => {
    process.signal(signal);
    return process.exited;
  };
  const outcome = await firstOf(ready, process.exited, options.readyTimeoutMs ?? 30_000);
  if (outcome !== 'ready') {
    await stop('SIGKILL');
    throw new Error(`${options.name} ${outcome} before it was ready; it wrote:\n${logs()}`);
  }
  return { pid: process.pid, url, exited: process.exited, logs, signal: (name) => process.signal(name), stop };
}

/** Ends at once whatever a test file has left running; call it in `afterAll`. */
export async function stopAllProcesses(): Promise<void> {
  await Promise.all(
    [...started].map(async (process) => {
      process.signal('SIGKILL');
      await process.exited;
    }),
  );
}

async function firstOf(ready: Promise<'ready'>, exited: Promise<number>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve('took too long'), timeoutMs)));
  return Promise.race([ready, exited.then((code) => `ended with ${code}`), late]).finally(() => clearTimeout(timer));
}

function urlIn(line: string): string | undefined {
  try {
    const { url } = JSON.parse(line) as { url?: unknown };
    return typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Where Node stands, and where it keeps what it has compiled: the same files are started hundreds of times in a test run. */
function ofTheRunner(): Record<string, string> {
  const kept = ['PATH', 'NODE_COMPILE_CACHE'].map((name) => [name, globalThis.process.env[name]]);
  return Object.fromEntries(kept.filter(([, value]) => value !== undefined)) as Record<string, string>;
}
