/** What a row says of its targets. */
export interface Judged {
  /** Empty for whom it is not a target. */
  readonly target: string;
  /** What must never happen and did. */
  readonly breaches: readonly string[];
  /** Where it was slower than its target. */
  readonly shortfalls: readonly string[];
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Empty for whom there is no target. */
export function verdictOf({ target, breaches, shortfalls }: Judged): string {
  if (target === '') return '';
  const missed = [...breaches, ...shortfalls];
  return missed.length === 0 ? 'met' : `missed: ${missed.join(', ')}`;
}

export function isMissed({ breaches, shortfalls }: Judged): boolean {
  return breaches.length + shortfalls.length > 0;
}
