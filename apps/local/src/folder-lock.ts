import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A lock that is garbage-collected is a lock released. */
const held: DatabaseSync[] = [];

/**
 * Makes this process the only stack of its folder, until it ends. The lock is SQLite's, since the kernel drops it whichever way a
 * process dies, and no number of a dead process is ever mistaken for a living one.
 */
export function lockFolder(directory: string): void {
  const lock = new DatabaseSync(join(directory, '.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new Error(
      `the stack of ${directory} is already running; stop it first, or start a second one with its own LOCAL_DIRECTORY`,
      { cause },
    );
  }
  held.push(lock);
}
