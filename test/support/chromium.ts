import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';

const run = promisify(execFile);

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const INSTALL_MS = 10 * 60_000;

/**
 * A browser on this machine: `CHROMIUM_PATH`, else one on the PATH, else the system's package, which is installed where
 * that takes no password. Safe to race: the package manager queues, and whoever comes second finds it installed.
 */
async function chromiumPath(): Promise<string> {
  const named = process.env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') return named;

  const present = await onPath(NAMES);
  if (present !== undefined) return present;

  const reason = await installPackage();
  const installed = await onPath(NAMES);
  if (installed !== undefined) return installed;
  throw new Error(
    `No Chromium found: install it (Debian, Ubuntu: "apt-get install chromium") or set CHROMIUM_PATH. ${reason}`,
  );
}

/** Playwright gives each launch a profile of its own in the temporary folder and removes it when the browser closes. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: await chromiumPath(),
    // The sandbox needs rights that containers and root lack, and the tests open no pages but our own.
    chromiumSandbox: false,
    args: [
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-quic',
      '--disable-sync',
      '--no-first-run',
    ],
  });
}

async function onPath(names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Answers why it did not work, or nothing. */
async function installPackage(): Promise<string> {
  const apt = await onPath(['apt-get']);
  if (apt === undefined) return 'There is no apt-get here to install it with.';
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !(await mayUseSudo())) return 'Installing it from here would need root.';

  try {
    // The lists may be fresh or locked by another run already; the install tells whether they will do.
    await aptGet(apt, isRoot, ['update']).catch(() => undefined);
    await aptGet(apt, isRoot, ['install', '--yes', '--no-install-recommends', 'chromium']);
    return '';
  } catch (error) {
    return `apt-get failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function mayUseSudo(): Promise<boolean> {
  return run('sudo', ['-n', 'true']).then(
    () => true,
    () => false,
  );
}

async function aptGet(apt: string, isRoot: boolean, args: readonly string[]): Promise<void> {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', apt, '-o', 'DPkg::Lock::Timeout=300', ...args];
  const [program = 'env', ...rest] = isRoot ? command : ['sudo', '-n', ...command];
  await run(program, rest, { timeout: INSTALL_MS, maxBuffer: 64 * 1024 * 1024 });
}
