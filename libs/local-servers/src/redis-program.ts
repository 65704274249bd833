import { platform } from 'node:os';
import { mustRun, type Program, runCommand } from './run-command.js';
import { unpackedRedis, unpackRedis } from './unpacked-redis.js';

type Log = (line: string) => void;

const NAMES = ['redis-server', 'valkey-server'];

/** Package managers that install for the whole machine, and what to ask them for, first choice first. */
const PACKAGE_MANAGERS: readonly { name: string; refresh?: readonly string[]; install: readonly string[] }[] = [
  { name: 'apt-get', refresh: ['update'], install: ['install', '-y', '--no-install-recommends', 'redis-server'] },
  { name: 'dnf', install: ['install', '-y', '/usr/bin/redis-server'] },
  { name: 'yum', install: ['install', '-y', 'redis'] },
  { name: 'apk', install: ['add', 'redis'] },
  { name: 'pacman', install: ['-Sy', '--noconfirm', 'valkey'] },
  { name: 'zypper', install: ['--non-interactive', 'install', 'redis'] },
];

const ADVICE =
  'No Redis found and none could be installed: install redis-server or valkey-server (for example ' +
  '`sudo apt-get install redis-server` or `brew install redis`), or set REDIS_URL.';

/** The machine's own Redis, or one installed for it now, by the least intrusive way that works. */
export async function redisProgram(programDirectory: string, log: Log): Promise<Program> {
  const found = (await onPath()) ?? (await unpackedRedis(programDirectory));
  if (found) return found;

  const installed = platform() === 'darwin' ? await installWithHomebrew(log) : await installForMachine(log);
  const program = installed ?? (await unpackRedis(programDirectory, log));
  if (!program) throw new Error(ADVICE);
  return program;
}

async function onPath(): Promise<Program | undefined> {
  for (const command of NAMES) {
    if ((await runCommand(command, ['--version'])).succeeded) return { command, args: [] };
  }
  return undefined;
}

async function installWithHomebrew(log: Log): Promise<Program | undefined> {
  if (!(await runCommand('brew', ['--version'])).succeeded) return undefined;
  log('installing Redis with Homebrew');
  await mustRun('brew', ['install', 'redis']);
  const prefix = (await mustRun('brew', ['--prefix', 'redis'])).trim();
  return { command: `${prefix}/bin/redis-server`, args: [] };
}

/** As root, or by a sudo that asks for no password; otherwise undefined, and nothing has changed. */
async function installForMachine(log: Log): Promise<Program | undefined> {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !(await runCommand('sudo', ['-n', 'true'])).succeeded) return undefined;
  const asRoot = isRoot ? [] : ['sudo', '-n'];

  for (const { name, refresh, install } of PACKAGE_MANAGERS) {
    if (!(await runCommand(name, ['--version'])).succeeded) continue;
    const run = async (args: readonly string[]): Promise<boolean> => {
      log(`installing Redis: ${name} ${args.join(' ')}`);
      const words = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', name, ...args];
      return (await runCommand(words[0] ?? 'env', words.slice(1))).succeeded;
    };
    // The package lists may be missing or old, as in most container images, and only then are worth their minute.
    if (!(await run(install)) && refresh && (await run(refresh))) await run(install);
    const program = await onPath();
    if (program) return program;
  }
  return undefined;
}
