import { setTimeout as sleep } from 'node:timers/promises';
import type { BoxRow, BoxTable } from '#libs/sealing';

/** What one table needs which key for, and what became of it. */
export interface TableUse {
  readonly table: string;
  readonly rewrapped: number;
  /** Rows by the key that they need, counted after all was done. */
  readonly rowsByKey: ReadonlyMap<string, number>;
  /** Rows whose key the ring does not hold. */
  readonly keyless: readonly BoxRow[];
  /** Rows that were changed or moved: no key opens them. */
  readonly refused: readonly BoxRow[];
}

type Rewrapping = Pick<TableUse, 'rewrapped' | 'refused'>;

/** Told of each page: how many rows of the table are re-wrapped by now, of how many there were to do. */
export type OnProgress = (table: string, done: number, all: number) => void;

/** Small, for whoever wants to replace or delete a row of the page waits for its end. */
const PAGE_ROWS = 100;
/** A row that somebody was just changing is there for the next pass. */
const PAUSE_MS = 200;
/** What is left after so many passes is held by somebody, or sealed anew faster than it is re-wrapped. */
const PASSES_MAX = 50;

/** Moves every box to the ring's current key, and tells which key is needed for what. */
export class KeyRotation {
  constructor(
    private readonly tables: readonly BoxTable[],
    /** The current one first. */
    private readonly keyIds: readonly string[],
  ) {}

  /** Safe to stop anywhere, to repeat and to race with others of its kind. */
  async run(onProgress: OnProgress): Promise<readonly TableUse[]> {
    const done = new Map<string, Rewrapping>();
    for (const table of this.tables) done.set(table.name, await this.rewrap(table, onProgress));
    // Counted when all is done: what was sealed meanwhile counts too.
    return (await this.report()).map((use) => ({ ...use, ...done.get(use.table) }));
  }

  /** Changes nothing. */
  async report(): Promise<readonly TableUse[]> {
    return Promise.all(this.tables.map((table) => this.useOf(table)));
  }

  private async useOf(table: BoxTable): Promise<TableUse> {
    const [rowsByKey, keyless] = await Promise.all([table.countByKey(), table.rowsOfOtherKeys(this.keyIds)]);
    return { table: table.name, rewrapped: 0, rowsByKey, keyless, refused: [] };
  }

  private async rewrap(table: BoxTable, onProgress: OnProgress): Promise<Rewrapping> {
    const older = this.keyIds.slice(1);
    if (older.length === 0) return { rewrapped: 0, refused: [] };
    let [rewrapped, refused] = [0, [] as readonly BoxRow[]];
    for (let passes = 0; passes < PASSES_MAX; passes += 1) {
      if (passes > 0) await sleep(PAUSE_MS);
      const all = rewrapped + sumOf(await table.countByKey(), older);
      const found: BoxRow[] = [];
      for await (const page of table.rewrap(older, PAGE_ROWS)) {
        rewrapped += page.rewrapped;
        found.push(...page.refused);
        onProgress(table.name, rewrapped, all);
      }
      refused = found;
      if (sumOf(await table.countByKey(), older) <= refused.length) break;
    }
    return { rewrapped, refused };
  }
}

function sumOf(rowsByKey: ReadonlyMap<string, number>, keyIds: readonly string[]): number {
  return keyIds.reduce((sum, id) => sum + (rowsByKey.get(id) ?? 0), 0);
}
