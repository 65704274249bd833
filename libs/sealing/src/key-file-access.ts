/** As much of a file's state as its access is judged by. */
export interface FileAccess {
  readonly isRegular: boolean;
  readonly mode: number;
  /** The owner. */
  readonly uid: number;
}

const ANYONE_ELSE = 0o077;

/**
 * Why a file is not fit to hold keys for a process of the given user: it must be its owner's alone, and the owner that
 * user or root. Names what to run; empty when the file is fit.
 */
export function accessFaults({ isRegular, mode, uid }: FileAccess, path: string, ownUid: number): readonly string[] {
  if (!isRegular) return ['must name a regular file'];
  const faults: string[] = [];
  if ((mode & ANYONE_ELSE) !== 0) {
    const octal = (mode & 0o7777).toString(8).padStart(4, '0');
    faults.push(`names a file that not only its owner may use, its mode is ${octal}: run chmod 600 ${quoted(path)}`);
  }
  if (uid !== ownUid && uid !== 0)
    faults.push(
      `names a file of user ${uid}, while this process runs as user ${ownUid}: run chown ${ownUid} ${quoted(path)}`,
    );
  return faults;
}

function quoted(path: string): string {
  return /^[\w./@%+=:,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
