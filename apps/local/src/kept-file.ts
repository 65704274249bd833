import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A small JSON file that only its owner may read, and that is there whole or not at all. */
export class KeptFile<Content> {
  private readonly path: string;

  constructor(directory: string, name: string) {
    this.path = join(directory, name);
  }

  async read(): Promise<Content | undefined> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Content;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new Error(`cannot read ${this.path}`, { cause });
    }
  }

  async write(content: Content): Promise<Content> {
    const partial = `${this.path}.partial`;
    await writeFile(partial, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    await rename(partial, this.path);
    return content;
  }
}
