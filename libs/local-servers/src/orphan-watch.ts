import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Note, Orphan } from './reaper.js';

// Compiled beside us as JavaScript; under jest beside us as TypeScript, which Node runs as it is.
const REAPER = fileURLToPath(new URL(`./reaper${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

const watched = new Set<number>();
let reaper: ChildProcess | undefined;

/** Has the process stopped should we die before `forgetOrphan`. One reaper serves all, and ends with the last of them. */
export function watchOrphan(orphan: Orphan): void {
  reaper ??= startReaper();
  watched.add(orphan.pid);
  tell({ kind: 'watch', ...orphan });
}

export function forgetOrphan(pid: number): void {
  if (!watched.delete(pid)) return;
  tell({ kind: 'forget', pid });
  if (watched.size > 0) return;
  reaper?.stdin?.end();
  reaper = undefined;
}

function startReaper(): ChildProcess {
  const child = spawn(process.execPath, [REAPER], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  // Without a reaper the children still end with us on every way out but SIGKILL, so its loss stops nothing.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return child;
}

function tell(note: Note): void {
  reaper?.stdin?.write(`${JSON.stringify(note)}\n`);
}
