import fc from 'fast-check';
import { parseRetryAfterMs, retryDelayMs } from './retry-schedule.js';

const NOW = new Date('2026-01-01T00:00:00.000Z');
const stepsMs = [5000, 300_000, 1_800_000];

describe('retryDelayMs', () => {
  it('takes one step for each failed attempt, and ends with the schedule', () => {
    const schedule = { stepsMs, random: () => 0.5 };
    expect([1, 2, 3, 4, 5].map((attempt) => retryDelayMs(schedule, attempt, null))).toEqual([...stepsMs, null, null]);
  });

  it('spreads each step by 20 % to either side, and no further', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 86_400_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (step, random) => {
          const delay = retryDelayMs({ stepsMs: [step], random: () => random }, 1, null) ?? NaN;
          expect(delay).toBeGreaterThanOrEqual(Math.round(step * 0.8));
          expect(delay).toBeLessThanOrEqual(Math.round(step * 1.2));
        },
      ),
    );
  });

  it('waits as long as the receiver asks, between half and twice the step', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 86_400_000 }), fc.integer({ min: 0, max: 2 ** 40 }), (step, asked) => {
        const delay = retryDelayMs({ stepsMs: [step], random: () => 0 }, 1, asked) ?? NaN;
        expect(delay).toBe(Math.round(Math.min(Math.max(asked, step / 2), step * 2)));
      }),
    );
  });
});

describe('parseRetryAfterMs', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['Thursday, 01-Jan-26 00:02:00 GMT', 120_000],
  ])('reads "%s"', (header, expected) => {
    expect(parseRetryAfterMs(header, NOW)).toBe(expected);
  });

  it.each(['', 'soon', '-1', '1.5', '1e3', '99999999999', '2026-01-01', 'Thu, nonsense'])('ignores "%s"', (header) => {
    expect(parseRetryAfterMs(header, NOW)).toBeNull();
  });

  it('never gives anything but a wait or nothing, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const waitMs = parseRetryAfterMs(header, NOW);
        expect(waitMs === null || waitMs >= 0).toBe(true);
      }),
    );
  });

  it('is null when there is no header', () => {
    expect(parseRetryAfterMs(undefined, NOW)).toBeNull();
  });
});
