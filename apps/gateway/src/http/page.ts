/** One page of a list, as it is sent. */
export interface Page<View> {
  readonly data: readonly View[];
  readonly nextCursor: string | null;
}

/** `rows` were asked for with one more than `limit`: whether that one came tells whether the list goes on. */
export function pageOf<Row, View>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => View,
  cursorOf: (row: Row) => string,
): Page<View> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const goesOn = rows.length > limit && last !== undefined;
  return { data: shown.map(view), nextCursor: goesOn ? cursorOf(last) : null };
}
