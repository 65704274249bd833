/**
 * A program of its own: it reads from stdin which processes belong to its parent, and once that pipe closes, which it
 * does even when the parent is killed with SIGKILL, it stops those still running, the youngest first. Jest runs it from
 * source through Node's type stripping, so it holds no syntax beyond types and imports nothing of ours.
 */
import { readFileSync, rmSync } from 'node:fs';
import { platform } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Orphan {
  readonly pid: number;
  readonly stopSignal: NodeJS.Signals;
  readonly graceMs: number;
  /** A folder that is of no use to anyone once the process is gone. */
  readonly throwAway?: string | undefined;
}

export type Note = ({ readonly kind: 'watch' } & Orphan) | { readonly kind: 'forget'; readonly pid: number };

const POLL_MS = 50;
const watched = new Map<number, Orphan>();

for await (const line of createInterface({ input: process.stdin })) {
  const note = JSON.parse(line) as Note;
  if (note.kind === 'watch') watched.set(note.pid, note);
  else watched.delete(note.pid);
}

for (const orphan of [...watched.values()].reverse()) {
  await end(orphan);
  if (orphan.throwAway) rmSync(orphan.throwAway, { recursive: true, force: true });
}

async function end({ pid, stopSignal, graceMs }: Orphan): Promise<void> {
  const deadline = Date.now() + graceMs;
  if (!send(pid, stopSignal)) return;
  while (Date.now() < deadline) {
    await sleep(POLL_MS);
    if (!isRunning(pid)) return;
  }
  send(-pid, 'SIGKILL');
}

/** An orphan that has ended may stand in the process table until init looks after it, which can take seconds. */
function isRunning(pid: number): boolean {
  if (!send(pid, 0)) return false;
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return platform() !== 'linux';
  }
}

/** False when there is no such process any more. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
