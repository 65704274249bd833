import type { TableUse } from './key-rotation.js';

/** What the operator reads at the end, and whether everything is as it should be. */
export interface RotationReport {
  readonly lines: readonly string[];
  /** One line for each row that nobody could re-wrap. */
  readonly faults: readonly string[];
}

/**
 * Says of a key that it can be removed only when no row of any table needs it. That holds for now: a process that still
 * has it first in its ring seals with it again, which is why the words name that condition.
 */
export function rotationReport(keyIds: readonly string[], uses: readonly TableUse[]): RotationReport {
  const [current = '', ...older] = keyIds;
  return {
    lines: [
      ...useTable(keyIds, uses),
      '',
      ...uses.filter(({ rewrapped }) => rewrapped > 0).map((use) => `${use.table}: ${use.rewrapped} re-wrapped.`),
      ...(older.length === 0 ? [`The ring has no key but ${current}.`] : []),
      ...older.map((id) => verdictOn(id, current, uses)),
    ],
    faults: uses.flatMap(faultsOf),
  };
}

function verdictOn(id: string, current: string, uses: readonly TableUse[]): string {
  const needing = uses.flatMap(({ table, rowsByKey }) => {
    const rows = rowsByKey.get(id) ?? 0;
    return rows === 0 ? [] : [`${rows} ${table}`];
  });
  if (needing.length > 0) return `${id} is still needed, for ${needing.join(' and ')}: keep it.`;
  return `No row needs ${id} any more. Once every process has ${current} first in its ring, ${id} can be removed.`;
}

function faultsOf({ table, keyless, refused }: TableUse): readonly string[] {
  return [
    ...keyless.map(({ name, masterKeyId }) => `${table}: ${name} needs ${masterKeyId}, which the ring does not hold`),
    ...refused.map(({ name }) => `${table}: ${name} was changed or moved and opens with no key`),
  ];
}

function useTable(keyIds: readonly string[], uses: readonly TableUse[]): readonly string[] {
  const rows = uses.flatMap(({ table, rowsByKey }) => {
    const ids = [...new Set([...keyIds, ...rowsByKey.keys()])];
    return ids.map((id) => [table, id, String(rowsByKey.get(id) ?? 0), wordFor(id, keyIds)]);
  });
  const cells = [['table', 'key', 'rows', ''], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  return cells.map((line) =>
    line
      .map((cell, column) => (column === 2 ? cell.padStart(widths[2] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function wordFor(id: string, keyIds: readonly string[]): string {
  if (id === keyIds[0]) return 'current';
  return keyIds.includes(id) ? '' : 'not in the ring';
}
