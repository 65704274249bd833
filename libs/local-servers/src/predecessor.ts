import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from './run-command.js';

const END_MS = 15_000;
const POLL_MS = 100;

/**
 * Resolves once nobody else serves the data that the lock file stands for, and the file is gone. A predecessor whose
 * parent was killed may be ending just now, so it is waited for; after a crash the file names a process that is gone,
 * or another program that was given its number, which `isPredecessor` tells by its command line.
 */
export async function outlivePredecessor(
  lockFile: string,
  isPredecessor: (commandLine: string) => boolean,
): Promise<void> {
  const deadline = Date.now() + END_MS;
  while (existsSync(lockFile)) {
    const pid = Number((await readFile(lockFile, 'utf8').catch(() => '')).split('\n')[0]);
    if (!isPredecessor(await commandLineOf(pid))) {
      await rm(lockFile, { force: true });
      return;
    }
    if (Date.now() > deadline) throw new Error(`process ${pid} already serves what ${lockFile} belongs to`);
    await sleep(POLL_MS);
  }
}

/** Empty when there is no such process. */
async function commandLineOf(pid: number): Promise<string> {
  if (!Number.isInteger(pid) || pid <= 0) return '';
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return fromProc ?? (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).output;
}
