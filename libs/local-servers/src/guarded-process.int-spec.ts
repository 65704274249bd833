import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type GuardedProcessOptions, startGuarded } from './guarded-process.js';

/** A child that says when it is ready, and writes a file when it is asked to end. */
function orderlyChild(endedFile: string): Omit<GuardedProcessOptions, 'onLine'> {
  const program = `
    process.on('SIGTERM', () => {
      require('node:fs').writeFileSync(${JSON.stringify(endedFile)}, 'in good order');
      process.exit();
    });
    setInterval(() => undefined, 1000);
    console.log('ready');`;
  return { command: process.execPath, args: ['--eval', program], stopSignal: 'SIGTERM', graceMs: 5_000 };
}

/** Another process that starts the child through our source, for which it needs jest's way of resolving. */
function parentOf(child: object): string[] {
  const program = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve: (name, context, next) => next(name.startsWith('./') ? name.replace(/js$/, 'ts') : name, context),
    });
    const { startGuarded } = await import(${JSON.stringify(new URL('./guarded-process.ts', import.meta.url).href)});
    await startGuarded({ ...${JSON.stringify(child)}, onLine: console.log });`;
  return ['--input-type=module', '--eval', program];
}

describe('startGuarded', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'guarded-process-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('ends the child in good order, and then removes what it leaves, when the parent is killed', async () => {
    const [endedFile, throwAway] = [join(directory, 'ended'), join(directory, 'throw-away')];
    await mkdir(throwAway);
    const child = { ...orderlyChild(endedFile), throwAway };
    const parent = spawn(process.execPath, parentOf(child), { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');

    expect(await goneWithin(throwAway, 10_000)).toBe(true);
    expect(await readFile(endedFile, 'utf8')).toBe('in good order');
  }, 20_000);

  it('ends by force a child that does not end by itself', async () => {
    const command = "trap '' TERM; echo ready; while :; do sleep 0.1; done";
    let becomeReady: () => void;
    const ready = new Promise<void>((resolve) => (becomeReady = resolve));
    const child = await startGuarded({
      command: 'sh',
      args: ['-c', command],
      stopSignal: 'SIGTERM',
      graceMs: 200,
      onLine: () => becomeReady(),
    });
    await ready;

    expect(await child.stop()).toBe(128 + constants.signals.SIGKILL);
  }, 10_000);

  it('says so when there is no such program', async () => {
    const missing = startGuarded({ command: 'no-such-program', args: [], stopSignal: 'SIGTERM', graceMs: 200 });
    await expect(missing).rejects.toThrow(/ENOENT/);
  });
});

async function goneWithin(path: string, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (existsSync(path) && Date.now() < deadline) await sleep(25);
  return !existsSync(path);
}
