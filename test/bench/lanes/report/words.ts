import type { Row } from '../bench-case.js';

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** Empty for whom there is no target. */
export function verdictOf({ target, breaches, shortfalls }: Row): string {
  if (target === '') return '';
  const missed = [...breaches, ...shortfalls];
  return missed.length === 0 ? 'met' : `missed: ${missed.join(', ')}`;
}

export function isMissed({ breaches, shortfalls }: Row): boolean {
  return breaches.length + shortfalls.length > 0;
}
