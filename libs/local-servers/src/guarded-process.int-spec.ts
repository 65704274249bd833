import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

describe('startGuarded', () => {
  it('leaves no child behind when the parent is killed', async () => {
    const module = new URL('./guarded-process.ts', import.meta.url).href;
    const child = "process.on('SIGTERM', () => process.exit()); setInterval(() => undefined, 1000);";
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        // Node resolves no ".js" to a source file, so the parent brings its own resolution.
        `import { registerHooks } from 'node:module';
         registerHooks({ resolve: (name, context, next) => next(name.startsWith('./') ? name.replace(/js$/, 'ts') : name, context) });
         const { startGuarded } = await import(${JSON.stringify(module)});
         const { pid } = await startGuarded({ command: process.execPath, args: ['--eval', ${JSON.stringify(child)}], stopSignal: 'SIGTERM', graceMs: 2000 });
         console.log(pid);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [pidText] = (await once(parent.stdout, 'data')) as [Buffer];
    parent.kill('SIGKILL');

    await expect(goneWithin(Number(pidText), 4_000)).resolves.toBe(true);
  }, 10_000);
});

async function goneWithin(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(25);
  }
  return false;
}
