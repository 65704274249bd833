import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { accessFaults } from './key-file-access.js';
import type { KeySource } from './key-source.js';
import { KeySourceFault, type KeyText, type MasterKey, parseMasterKeys, splitKeys } from './master-key.js';

/** Room for hundreds of keys; whatever is larger is another file. */
const BYTES_MAX = 64 * 1024;

/**
 * Keys in a file, such as a mounted secret: `id:base64` one a line or comma-separated, the current one first, with
 * comments from `#` to the end of a line. Read anew each time, so that a process follows the file without a restart.
 *
 * The file must be its owner's alone, and the owner this user or root. What counts is the file that was opened: a check
 * of the path before that would speak of what stood there a moment earlier. Symbolic links are followed, as mounted
 * secrets are made of them.
 */
export class FileKeySource implements KeySource {
  constructor(readonly path: string) {
    // Whoever puts the keys here in place of a path must not find them in a message about a file that is missing.
    if (!path.startsWith('/')) throw new KeySourceFault('must be an absolute path');
  }

  read(): readonly MasterKey[] {
    const descriptor = this.open();
    try {
      const file = fstatSync(descriptor);
      const access = { isRegular: file.isFile(), mode: file.mode, uid: file.uid };
      const faults = accessFaults(access, this.path, ownUid());
      if (faults.length > 0) throw new KeySourceFault(faults.join('; '));
      return parseMasterKeys(keyTexts(textIn(descriptor)));
    } finally {
      closeSync(descriptor);
    }
  }

  toJSON(): string {
    return this.path;
  }

  private open(): number {
    try {
      // Without O_NONBLOCK a pipe by that name would hold the process up until somebody writes to it.
      return openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') throw new KeySourceFault('names a file that does not exist', { cause: error });
      if (code === 'EACCES')
        throw new KeySourceFault(`names a file that user ${ownUid()} may not read`, { cause: error });
      throw new KeySourceFault(`names a file that cannot be opened (${code ?? 'no reason given'})`, { cause: error });
    }
  }
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

function textIn(descriptor: number): string {
  const bytes = Buffer.alloc(BYTES_MAX + 1);
  try {
    const length = fill(bytes, descriptor);
    if (length > BYTES_MAX) throw new KeySourceFault(`names a file of more than ${BYTES_MAX / 1024} KiB`);
    return decode(bytes.subarray(0, length));
  } finally {
    bytes.fill(0);
  }
}

function fill(bytes: Buffer, descriptor: number): number {
  let length = 0;
  while (length < bytes.length) {
    const more = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (more === 0) break;
    length += more;
  }
  return length;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new KeySourceFault('names a file that is not UTF-8', { cause: error });
  }
}

function keyTexts(text: string): readonly KeyText[] {
  return text.split(/\r\n|\r|\n/).flatMap((line, index) => {
    const keys = splitKeys(line.replace(/#.*$/, ''));
    const where = (key: number): string => `line ${index + 1}${keys.length > 1 ? `, key ${key + 1},` : ''}`;
    return keys.map((item, key) => ({ where: where(key), text: item }));
  });
}
