import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Redis } from 'ioredis';

/** Stands for the text of another file of the same folder, for what several scripts begin with. */
const INCLUDE = /^-- @include ([a-z-]+\.lua)$/gm;

/** A Lua script on disk. Its name says how many keys it takes: `verb-noun.<number of keys>.lua`. */
export class Script {
  private readonly source: string;
  private readonly sha: string;
  private readonly keyCount: number;

  constructor(file: URL) {
    const name = basename(fileURLToPath(file));
    const count = /^[a-z]+(?:-[a-z]+)*\.(\d+)\.lua$/.exec(name)?.[1];
    if (count === undefined) throw new Error(`${name} is not named verb-noun.<number of keys>.lua`);
    this.keyCount = Number(count);
    this.source = readFileSync(file, 'utf8').replace(INCLUDE, (_line, part: string) =>
      readFileSync(new URL(part, file), 'utf8'),
    );
    this.sha = createHash('sha1').update(this.source).digest('hex');
  }

  /** One round trip; a server that has lost the script gets it again, so a restart of Redis needs no care. */
  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (keys.length !== this.keyCount) throw new Error(`the script takes ${this.keyCount} keys, not ${keys.length}`);
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(this.source, keys.length, ...keys, ...args);
    }
  }
}
