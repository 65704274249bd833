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
  it.each(ALL.flatMap((from) => ALL.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
    const move = (): void => assertTransition(from, to);

    if (ALLOWED.has(`${from}>${to}`)) expect(move).not.toThrow();
    else expect(move).toThrow(IllegalTransition);
  });

  it('ends in exactly three ways', () => {
    expect(ALL.filter(isEnded)).toEqual(['succeeded', 'failed', 'canceled']);
  });
});
