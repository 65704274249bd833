/**
 * Adds to package-lock.json the optional packages for other platforms that npm left out, from what their parents ask for.
 *
 * npm records only what the registry gives it. One that mirrors no packages for other platforms yields a lock that
 * `npm ci` then refuses ("Missing … from lock file"). Run this after every change of the dependencies; it changes nothing
 * in a lock that is complete.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = ['darwin', 'linux', 'win32', 'android', 'freebsd', 'openharmony', 'windows'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 's390x', 'riscv64', 'loong64'];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
let added = 0;
for (const [path, parent] of Object.entries({ ...lock.packages })) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    if (lock.packages[`node_modules/${name}`] || lock.packages[`${path}/node_modules/${name}`]) continue;
    const words = name.split(/[/-]/);
    const system = SYSTEMS.find((word) => words.includes(word));
    const processor =
      PROCESSORS.find((word) => words.includes(word)) ?? (words.some((word) => word.startsWith('arm')) ? 'arm' : null);
    if (system === undefined || processor === null || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [processor],
      ...(parent.dev === true && { dev: true }),
      optional: true,
      os: [system === 'windows' ? 'win32' : system],
    };
    added += 1;
  }
}

const { '': root, ...rest } = lock.packages;
const sorted = Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'));
lock.packages = { '': root, ...Object.fromEntries(sorted) };
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} packages for other platforms added to package-lock.json\n`);
