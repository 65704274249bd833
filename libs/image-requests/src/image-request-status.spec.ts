import { assertTransition, IllegalTransition, type ImageRequestStatus, isEnded } from './image-request-status.js';

const ALL: readonly ImageRequestStatus[] = ['queued', 'submitting', 'creating', 'succeeded', 'failed', 'canceled'];
const ALLOWED = new Set([
  'queued>submitting',
  'queued>failed',
  'queued>canceled',
  'submitting>creating',
  'submitting>queued',
  'submitting>succeeded',
  'submitting>failed',
  'creating>succeeded',
  'creating>failed',
  'failed>queued',
]);

describe('the life of a request', () => {
  const moves = ALL.flatMap((from) => ALL.map((to) => [from, to] as const));

  it.each(moves.filter(([from, to]) => ALLOWED.has(`${from}>${to}`)))('may go from %s to %s', (from, to) => {
    expect(() => assertTransition(from, to)).not.toThrow();
  });

  it.each(moves.filter(([from, to]) => !ALLOWED.has(`${from}>${to}`)))('never goes from %s to %s', (from, to) => {
    expect(() => assertTransition(from, to)).toThrow(IllegalTransition);
  });

  it('ends in exactly three ways', () => {
    expect(ALL.filter(isEnded)).toEqual(['succeeded', 'failed', 'canceled']);
  });
});
