import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';

const KEPT_LINES = 15;

/** One part's own file, begun afresh on each run; its last lines stay at hand for when the part dies. */
export class PartLog {
  readonly path: string;
  private readonly file: WriteStream;
  private readonly lines: string[] = [];

  constructor(directory: string, name: string) {
    this.path = join(directory, `${name}.log`);
    this.file = createWriteStream(this.path, { mode: 0o600 });
  }

  readonly write = (line: string): void => {
    this.file.write(`${line}\n`);
    if (this.lines.push(line) > KEPT_LINES) this.lines.shift();
  };

  lastLines(): string {
    return this.lines.join('\n');
  }
}
