import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, runCommand } from './run-command.js';

/** One that `unpackRedis` put there before. */
export async function unpackedRedis(programDirectory: string): Promise<Program | undefined> {
  const root = join(programDirectory, 'redis');
  const server = join(root, 'usr/bin/redis-server');
  if (!existsSync(server)) return undefined;
  const libraries = await libraryDirectories(root);
  const program = { command: 'env', args: [`LD_LIBRARY_PATH=${libraries.join(':')}`, server] };
  const { succeeded } = await runCommand(program.command, [...program.args, '--version']);
  return succeeded ? program : undefined;
}

/**
 * On Debian and its kin, an ordinary user may not install a package but may fetch and unpack one. `apt-get` works out
 * which libraries the machine lacks, from lists of its own, for those of the system may be missing or old.
 */
export async function unpackRedis(programDirectory: string, log: (line: string) => void): Promise<Program | undefined> {
  const hasTools = await Promise.all([runCommand('apt-get', ['--version']), runCommand('dpkg-deb', ['--version'])]);
  if (!hasTools.every(({ succeeded }) => succeeded)) return undefined;

  log('fetching Redis with apt-get and unpacking it into this folder');
  const partial = join(programDirectory, `.redis-${process.pid}`);
  const [lists, cache, root] = [join(partial, 'lists'), join(partial, 'cache'), join(partial, 'root')];
  try {
    for (const directory of [join(lists, 'partial'), join(cache, 'archives/partial'), root]) {
      await mkdir(directory, { recursive: true });
    }
    const options = ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`, '-o', 'Debug::NoLocking=1'];
    // "Reinstall" because either package may be half there, out of our reach.
    const fetch = ['install', '-y', '--no-install-recommends', '--download-only', '--reinstall'];
    const fetched =
      (await runCommand('apt-get', [...options, 'update'])).succeeded &&
      (await runCommand('apt-get', [...options, ...fetch, 'redis-server', 'redis-tools'])).succeeded;
    if (!fetched) return undefined;

    for (const archive of (await readdir(join(cache, 'archives'))).filter((name) => name.endsWith('.deb'))) {
      if (!(await runCommand('dpkg-deb', ['-x', join(cache, 'archives', archive), root])).succeeded) return undefined;
    }
    await rm(join(programDirectory, 'redis'), { recursive: true, force: true });
    await rename(root, join(programDirectory, 'redis'));
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return unpackedRedis(programDirectory);
}

/** The folders below `usr/lib` and `lib` that hold libraries, such as `usr/lib/x86_64-linux-gnu`. */
async function libraryDirectories(root: string): Promise<string[]> {
  const directories: string[] = [];
  for (const parent of [join(root, 'usr/lib'), join(root, 'lib')]) {
    if (!existsSync(parent)) continue;
    const children = await readdir(parent, { withFileTypes: true });
    directories.push(parent, ...children.filter((entry) => entry.isDirectory()).map(({ name }) => join(parent, name)));
  }
  return directories;
}
