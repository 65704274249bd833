import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '#libs/local-servers';
import { type StartedProcess, startProcess, stopAllProcesses, waitFor } from '#libs/testing';

const run = promisify(execFile);

describe('npm start', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'npm-start-'));
    // As root, PostgreSQL runs as another user, who must be able to walk through here.
    await chmod(directory, 0o711);
  });

  afterAll(async () => {
    await stopAllProcesses();
    await rm(directory, { recursive: true, force: true });
  });

  async function start(environment: Record<string, string> = {}): Promise<StartedProcess> {
    const ports = { PORT: await freePort(), RECEIVER_PORT: await freePort(), SIMULATOR_PORT: await freePort() };
    const asText = Object.entries(ports).map(([name, port]) => [name, String(port)] as const);
    return startProcess({
      name: 'npm start',
      entry: 'dist/apps/local/src/main.js',
      env: { LOCAL_DIRECTORY: join(directory, 'local'), ...Object.fromEntries(asText), ...environment },
      readyWhen: (line) => line.includes('Ctrl-C stops'),
      readyTimeoutMs: 90_000,
    });
  }

  const lineOf = (stack: StartedProcess, beginning: string): string => {
    const line = stack
      .logs()
      .split('\n')
      .find((candidate) => candidate.trim().startsWith(beginning));
    return line?.trim() ?? '';
  };
  const valueOf = (stack: StartedProcess, name: string): string => lineOf(stack, name).slice(name.length).trim();

  it('prints a curl line that makes an image as it stands, shows its progress, and leaves nothing behind', async () => {
    const stack = await start();
    const { stdout } = await run('sh', ['-c', lineOf(stack, 'curl')]);
    const { id } = JSON.parse(stdout) as { id: string };
    await waitFor(() => stack.logs().includes(`image_request.succeeded ${id}`), { timeoutMs: 30_000 });

    for (const type of ['queued', 'submitted', 'succeeded']) {
      expect(stack.logs()).toContain(`✓ image_request.${type} ${id}`);
    }
    const page = await (await fetch(valueOf(stack, 'Webhooks'))).text();
    expect(page).toContain('✓ verified');
    expect(page).toContain(id);

    expect(await stack.stop('SIGTERM')).toBe(0);
    for (const name of ['API', 'Webhooks', 'Simulator']) await expect(fetch(valueOf(stack, name))).rejects.toThrow();
  }, 150_000);

  it('finds on its next run what the last one made', async () => {
    const first = await start();
    await first.stop('SIGTERM');
    const second = await start();

    for (const name of ['Admin key', 'Demo API key', 'Demo account']) {
      expect(valueOf(second, name)).not.toBe('');
      expect(valueOf(second, name)).toBe(valueOf(first, name));
    }
    await second.stop('SIGTERM');
  }, 150_000);

  it('says which part died, and ends everything with it', async () => {
    const stack = await start();
    process.kill(Number(await readFile(join(directory, 'local/redis/redis.pid'), 'utf8')), 'SIGKILL');

    expect(await stack.exited).toBe(1);
    expect(stack.logs()).toContain('Redis ended unexpectedly with exit code 137');
  }, 150_000);
});
