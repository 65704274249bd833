import { join } from 'node:path';
import { startGuarded } from '#libs/local-servers';
import { BUILD } from './local-settings.js';
import { nextFreePort } from './next-free-port.js';
import type { PartLog } from './part-log.js';
import type { Part, PartName } from './stack.js';

export interface AppRun {
  readonly name: string;
  /** Below the build's root, such as `apps/worker/src/main.js`. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: PartLog;
}

export interface AppStart extends AppRun {
  readonly name: PartName;
  /** The `event` of the line it writes once it is at work. */
  readonly readyEvent: string;
}

const READY_MS = 60_000;
const STOP_MS = 10_000;

/** Starts an app of ours as a process of its own and waits until it says that it is at work. */
export async function startApp(start: AppStart): Promise<Part> {
  let becomeReady: () => void;
  const ready = new Promise<'ready'>((resolve) => (becomeReady = () => resolve('ready')));
  const app = await startGuarded({
    command: process.execPath,
    args: ['--enable-source-maps', join(BUILD, start.entry)],
    env: start.env,
    stopSignal: 'SIGTERM',
    graceMs: STOP_MS,
    onLine: (line) => {
      start.log.write(line);
      if (eventOf(line) === start.readyEvent) becomeReady();
    },
  });

  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), READY_MS)));
  const outcome = await Promise.race([ready, app.exited, late]);
  clearTimeout(timer);
  if (outcome !== 'ready') {
    await app.stop();
    throw new AppDidNotStart(start, outcome);
  }
  return {
    name: start.name,
    log: start.log,
    exited: app.exited,
    stop: () => app.stop(),
    kill: () => app.signal('SIGKILL'),
  };
}

/** On the first port from `wanted` upwards that is free, also when another program takes it while the app starts. */
export async function startAppOnPort(
  wanted: number,
  startOn: (port: number) => AppStart,
): Promise<{ part: Part; port: number }> {
  const port = await nextFreePort(wanted);
  try {
    return { part: await startApp(startOn(port)), port };
  } catch (error) {
    if (error instanceof AppDidNotStart && error.isPortTaken) return startAppOnPort(port + 1, startOn);
    throw error;
  }
}

/** Runs an app that ends by itself, and passes on what it said should it fail. */
export async function runApp(start: AppRun): Promise<void> {
  const app = await startGuarded({
    command: process.execPath,
    args: [join(BUILD, start.entry)],
    env: start.env,
    stopSignal: 'SIGTERM',
    graceMs: STOP_MS,
    onLine: start.log.write,
  });
  const exitCode = await app.exited;
  if (exitCode !== 0) throw new AppDidNotStart(start, exitCode);
}

class AppDidNotStart extends Error {
  readonly isPortTaken: boolean;

  constructor(start: AppRun, outcome: number | 'late') {
    const what = outcome === 'late' ? `was not ready within ${READY_MS / 1000} s` : `ended with exit code ${outcome}`;
    super(`${start.name} ${what}; the last lines of ${start.log.path}:\n${start.log.lastLines()}`);
    this.isPortTaken = start.log.lastLines().includes('EADDRINUSE');
  }
}

function eventOf(line: string): unknown {
  try {
    return (JSON.parse(line) as { event?: unknown }).event;
  } catch {
    return undefined;
  }
}
