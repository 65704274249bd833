import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresPrograms } from './postgres-programs.js';
import { outlivePredecessor } from './predecessor.js';
import { mustRun } from './run-command.js';
import type { ServerUser } from './server-user.js';

export interface PostgresCluster {
  /** What `postgres -D` takes. */
  readonly directory: string;
  readonly password: string;
}

export const SUPERUSER = 'postgres';

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
  await outlivePredecessor(join(directory, 'postmaster.pid'), (commandLine) => commandLine.includes(directory));
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
