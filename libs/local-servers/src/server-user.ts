import { createHash } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, runCommand } from './run-command.js';

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

const ROOT_HOME = '/var/lib/cvm-image-service';

const CANDIDATES = ['postgres', 'nobody'];

/** PostgreSQL refuses to run as root. Undefined means that we are not root and the server runs as who we are. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of CANDIDATES) {
    const [uid, gid] = await Promise.all([runCommand('id', ['-u', name]), runCommand('id', ['-g', name])]);
    if (uid.succeeded && gid.succeeded) return { uid: Number(uid.output), gid: Number(gid.output) };
  }
  throw new Error(`PostgreSQL cannot run as root, and there is no user ${CANDIDATES.join(' or ')} to run it as`);
}

/**
 * Makes a directory that only the server's user may open: the one asked for, or, where that user may not walk there,
 * one below `rootHome` named after it, so each clone finds its own data again. Whoever removes the directory asked for
 * removes the data, wherever it is.
 */
export async function ownedDirectory(wanted: string, user: ServerUser | undefined): Promise<string> {
  const isNew = (await mkdir(wanted, { recursive: true })) !== undefined;
  if (!user) return wanted;

  await handOver(wanted, user);
  if ((await runCommand('test', ['-x', wanted], { ...user, cwd: '/' })).succeeded) return wanted;

  const reachable = join(await rootHome(), createHash('sha256').update(wanted).digest('hex').slice(0, 16));
  if (isNew) await rm(reachable, { recursive: true, force: true });
  await mkdir(reachable, { recursive: true });
  await handOver(reachable, user);
  return reachable;
}

/** Where root keeps what another user must reach. Only root can write here, so nobody can plant a link. */
export async function rootHome(): Promise<string> {
  await mkdir(ROOT_HOME, { recursive: true });
  // Whatever the umask made of it.
  await chmod(ROOT_HOME, 0o755);
  return ROOT_HOME;
}

/** Whole, since an earlier run may have known another user. */
async function handOver(directory: string, user: ServerUser): Promise<void> {
  await mustRun('chown', ['-R', `${user.uid}:${user.gid}`, directory]);
  await chmod(directory, 0o700);
}
