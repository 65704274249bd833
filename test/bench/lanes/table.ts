import { markdownTable } from '../report/markdown-table.js';
import { percent, verdictOf } from '../report/words.js';
import type { Row } from './bench-case.js';

const HEAD = [
  'case',
  'system',
  'calls',
  'seconds',
  'max in 1 s',
  'rejected',
  'of the possible',
  'target',
  'verdict',
  'note',
];

export function tableOf(rows: readonly Row[]): string {
  const body = rows.map((row) => [
    row.case,
    row.system,
    String(row.calls),
    row.seconds.toFixed(1),
    String(row.maxInAnySecond),
    row.rejected === 0 ? '0' : `${row.rejected} (${percent(row.rejected / row.calls)})`,
    row.share === null ? '' : percent(row.share),
    row.target,
    verdictOf(row),
    row.note,
  ]);
  return markdownTable(HEAD, body);
}
