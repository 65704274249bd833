import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PostgresPrograms } from './postgres-programs.js';
import { mustRun, runCommand } from './run-command.js';
import type { ServerUser } from './server-user.js';

export interface PostgresCluster {
  /** What `postgres -D` takes. */
  readonly directory: string;
  readonly password: string;
}

export const SUPERUSER = 'postgres';
const PREDECESSOR_END_MS = 15_000;

/**
 * Opens the cluster in `home`, made on first use. It is made aside and then renamed, so one that was cut short is
 * never taken for a whole one. The password stays beside it: loopback is open to every user of the machine.
 */
export async function openCluster(
  home: string,
  programs: PostgresPrograms,
  user: ServerUser | undefined,
): Promise<PostgresCluster> {
  const directory = join(home, 'cluster');
  const passwordFile = join(home, 'password');
  if (!existsSync(directory)) {
    const partial = join(home, 'cluster.partial');
    await rm(partial, { recursive: true, force: true });
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    if (user) await chown(passwordFile, user.uid, user.gid);
    await mustRun(programs.initdb, initdbArguments(partial, passwordFile), {
      ...user,
      cwd: home,
      env: { LC_ALL: 'C' },
    });
    await rename(partial, directory);
  }
  await clearStaleLock(directory);
  return { directory, password: (await readFile(passwordFile, 'utf8')).trim() };
}

function initdbArguments(directory: string, passwordFile: string): string[] {
  return [
    `--pgdata=${directory}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own UTF-8 order, the same on every machine whatever locales it has.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ];
}

/**
 * After a crash the lock names a process that is gone, or another program that was given its number, and PostgreSQL
 * would refuse to start for the latter. A true predecessor is given time to end: it may be on its way.
 */
async function clearStaleLock(directory: string): Promise<void> {
  const lock = join(directory, 'postmaster.pid');
  const deadline = Date.now() + PREDECESSOR_END_MS;
  while (existsSync(lock)) {
    const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
    if (!(await isServing(pid, directory))) {
      await rm(lock, { force: true });
      return;
    }
    if (Date.now() > deadline) throw new Error(`${directory} is already served by PostgreSQL process ${pid}`);
    await sleep(250);
  }
}

async function isServing(pid: number, directory: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const fromProc = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const commandLine = fromProc ?? (await runCommand('ps', ['-o', 'command=', '-p', String(pid)])).output;
  return commandLine.includes(directory);
}
