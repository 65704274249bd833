import type { Drill } from './drill.js';

/** What an operator wants to know: how long each step takes, and that nobody noticed. */
export function tablesOf({ steps, checks, complaints }: Drill): string {
  const times = [
    ['step', 'seconds', 'accepted', 'replaced', 'failed'],
    ...steps.map((step) => [
      step.name,
      step.seconds.toFixed(1),
      String(step.accepted),
      String(step.replaced),
      String(step.failed),
    ]),
  ];
  const verdicts = [
    ['must hold', 'seen', 'verdict'],
    ...checks.map(({ what, seen, holds }) => [what, seen, holds ? 'holds' : 'MISSED']),
  ];
  return [aligned(times), aligned(verdicts), ...complaints.slice(0, 10)].join('\n\n');
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
