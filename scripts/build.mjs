/**
 * Compiles the tree into dist/ and puts beside it the files that the code reads at run time (Lua, SQL, pages).
 *
 * One build at a time: the compiler writes in place, so a second one would show half-written files to whoever runs the
 * first one's result. The lock is SQLite's, since the kernel drops it whichever way a process dies. A build that has
 * waited finds its work done and writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

mkdirSync(dist, { recursive: true });
const lock = new DatabaseSync(join(dist, '.build-lock'), { timeout: 10 * 60_000 });
lock.exec('BEGIN EXCLUSIVE');

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compiled = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.json'], { cwd: root, stdio: 'inherit' });

const assets = globSync('{apps,libs}/**/*.{sql,lua,html,css,svg}', { cwd: root });
for (const file of assets) copyIfChanged(join(root, file), join(dist, file));

process.exitCode = compiled.status ?? 1;

/** Renames into place, so a running process never reads half a script; leaves alone what is the same. */
function copyIfChanged(from, to) {
  const wanted = readFileSync(from);
  try {
    if (readFileSync(to).equals(wanted)) return;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  mkdirSync(dirname(to), { recursive: true });
  const unfinished = `${to}.${process.pid}`;
  writeFileSync(unfinished, wanted);
  renameSync(unfinished, to);
}
