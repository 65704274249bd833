import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from '#libs/testing';

export interface Ended {
  /** As shells count it; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a built command as an operator would, with nothing of ours in its environment, until it ends or is killed. */
export function runToEnd(
  entry: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): { readonly ended: Promise<Ended>; kill(): void } {
  const child = spawn(process.execPath, [join(repositoryRoot(), entry), ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { ended, kill: () => void child.kill('SIGKILL') };
}

/** `npm run keys:rotate` from the build. */
export const ROTATE_KEYS = 'dist/apps/ops/src/rotate-keys.js';
/** `npm run webhook-keys:rotate` likewise. */
export const ROTATE_WEBHOOK_KEYS = 'dist/apps/ops/src/rotate-webhook-keys.js';
