import { BoxWillNotOpen } from './sealer.js';

/** One row of boxes, as an operator knows it, and the master key that it needs. */
export interface BoxRow {
  /** Such as `acc_… (version 3)`. */
  readonly name: string;
  readonly masterKeyId: string;
}

/** What became of one page of rows. */
export interface RewrappedPage {
  readonly rewrapped: number;
  /** Rows whose boxes were changed or moved: they open with no key, and stay as they are. */
  readonly refused: readonly BoxRow[];
}

/** A table of sealed boxes, as whoever rotates the master key sees it. Its values are never opened for that. */
export interface BoxTable {
  readonly name: string;
  /** How many rows each master key is needed for. */
  countByKey(): Promise<ReadonlyMap<string, number>>;
  /** The rows that need a key which is none of these. */
  rowsOfOtherKeys(keyIds: readonly string[]): Promise<readonly BoxRow[]>;
  /**
   * Re-wraps all rows that one of the given keys wraps, page by page: each page is one transaction, its audit entries
   * included. Safe to stop anywhere, to repeat and to race, with others of its kind and with whoever replaces or deletes
   * a row; a row that somebody is just changing is left out.
   */
  rewrap(keyIds: readonly string[], pageRows: number): AsyncIterable<RewrappedPage>;
}

/** Re-wraps each row by itself. Rows whose boxes were changed or moved are told of by name. */
export function rewrapEach<Row, Box>(
  rows: readonly Row[],
  rewrap: (row: Row) => Box,
  nameOf: (row: Row) => BoxRow,
): { readonly rewrapped: readonly { readonly before: Row; readonly box: Box }[]; readonly refused: readonly BoxRow[] } {
  const rewrapped: { before: Row; box: Box }[] = [];
  const refused: BoxRow[] = [];
  for (const before of rows) {
    try {
      rewrapped.push({ before, box: rewrap(before) });
    } catch (error) {
      if (!(error instanceof BoxWillNotOpen)) throw error;
      refused.push(nameOf(before));
    }
  }
  return { rewrapped, refused };
}

/** A page, and the place of its last row; null when no row stands behind it. */
export interface PlacedPage<Place> extends RewrappedPage {
  readonly last: Place | null;
}

/** All pages, each from behind the one before. */
export async function* pagesInOrder<Place>(
  pageBehind: (after: Place | null) => Promise<PlacedPage<Place>>,
): AsyncIterable<RewrappedPage> {
  for (let after: Place | null = null; ;) {
    const page: PlacedPage<Place> = await pageBehind(after);
    yield page;
    if (page.last === null) return;
    after = page.last;
  }
}
