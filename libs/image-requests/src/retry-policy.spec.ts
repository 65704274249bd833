import fc from 'fast-check';
import { lookPauseMs, ratePauseMs, reconcilePauseMs, type RetryPolicy, statePauseMs } from './retry-policy.js';

const policy: RetryPolicy = {
  retryBaseMs: 5000,
  stateRetryDeadlineMs: 1_800_000,
  upstreamTimeoutMs: 30_000,
  resendFenceMs: 330_000,
  trackIntervalMs: 5000,
  trackDeadlineMs: 21_600_000,
};
const random = fc.double({ min: 0, max: 1, noNaN: true });

describe('pauses', () => {
  it('double after "busy", up to a minute, within a fifth of that either way', () => {
    const middle = Array.from({ length: 8 }, (_, retries) => statePauseMs(policy, retries, () => 0.5));

    expect(middle).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000]);
    fc.assert(
      fc.property(fc.nat(1000), random, (retries, chance) => {
        const pauseMs = statePauseMs(policy, retries, () => chance);
        expect(pauseMs).toBeGreaterThanOrEqual(4000);
        expect(pauseMs).toBeLessThanOrEqual(72_000);
      }),
    );
  });

  it('outlast the window of a second after "too fast"', () => {
    fc.assert(
      fc.property(random, (chance) => {
        expect(ratePauseMs(() => chance)).toBeGreaterThanOrEqual(1000);
        expect(ratePauseMs(() => chance)).toBeLessThanOrEqual(2000);
      }),
    );
  });

  it('are short at first after an unanswered call, and never more than a quarter of a minute', () => {
    expect([0, 1000, 4000, 20_000, 300_000].map(reconcilePauseMs)).toEqual([500, 500, 2000, 10_000, 15_000]);
  });

  it('grow with the age of an image from the first interval to three times that', () => {
    expect([0, 10_000, 50_000, 100_000, 3_600_000].map((ageMs) => lookPauseMs(policy, ageMs))).toEqual([
      5000, 6000, 10_000, 15_000, 15_000,
    ]);
  });
});
