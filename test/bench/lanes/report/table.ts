import type { Row } from '../bench-case.js';
import { percent, verdictOf } from './words.js';

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

/** A Markdown table, padded so that it reads well in a terminal too. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [
    HEAD,
    ...rows.map((row) => [
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
    ]),
  ];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lineOf = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [lineOf(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(lineOf)].join('\n');
}
