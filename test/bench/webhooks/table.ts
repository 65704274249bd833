import { markdownTable } from '../report/markdown-table.js';
import { percent, verdictOf } from '../report/words.js';
import type { Row } from './bench-case.js';

const HEAD = [
  'case',
  'system',
  'events',
  'deliveries',
  'seconds',
  'a second',
  'p50',
  'p95',
  'p99',
  'of the bare loop',
  'target',
  'verdict',
  'note',
];

export function tableOf(rows: readonly Row[]): string {
  const body = rows.map((row) => [
    row.case,
    row.system,
    String(row.events),
    String(row.deliveries),
    row.seconds.toFixed(1),
    (row.deliveries / row.seconds).toFixed(0),
    ...latenciesIn(row),
    row.share === null ? '' : percent(row.share),
    row.target,
    verdictOf(row),
    row.note,
  ]);
  return markdownTable(HEAD, body);
}

function latenciesIn({ latencyMs }: Row): readonly string[] {
  if (latencyMs === null) return ['', '', ''];
  return [latencyMs.p50, latencyMs.p95, latencyMs.p99].map((latency) => `${latency.toFixed(0)} ms`);
}
