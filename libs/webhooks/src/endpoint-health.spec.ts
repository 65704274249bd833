import fc from 'fast-check';
import { afterAttempt, type EndpointHealth, HEALTHY, isGivenUp, placesOf } from './endpoint-health.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const PAUSE_MS = 5000;
const DAY_MS = 24 * 60 * 60_000;

const later = (ms: number): Date => new Date(AT.getTime() + ms);

function failing(times: number, at: Date = AT, health: EndpointHealth = HEALTHY): EndpointHealth {
  return Array.from({ length: times }).reduce<EndpointHealth>(
    (before) => afterAttempt(before, false, at, PAUSE_MS),
    health,
  );
}

describe('The circuit', () => {
  it('opens with the tenth failure in a row, and leaves no more places than could still open it', () => {
    expect([0, 1, 5, 9, 10].map((times) => placesOf(failing(times), AT))).toEqual([10, 9, 5, 1, 0]);
    expect(failing(10).openUntil).toEqual(later(PAUSE_MS));
  });

  it('lets one attempt through when its pause is over, and everything once that has succeeded', () => {
    const open = failing(10);
    expect(placesOf(open, later(PAUSE_MS - 1))).toBe(0);
    expect(placesOf(open, later(PAUSE_MS))).toBe(1);
    expect(afterAttempt(open, true, later(PAUSE_MS), PAUSE_MS)).toEqual(HEALTHY);
  });

  it('doubles its pause with each probe that fails, up to five minutes', () => {
    let health = failing(10);
    const pausesMs = Array.from({ length: 9 }, () => {
      const probedAt = health.openUntil ?? AT;
      health = afterAttempt(health, false, probedAt, PAUSE_MS);
      return (health.openUntil?.getTime() ?? 0) - probedAt.getTime();
    });
    expect(pausesMs).toEqual([10, 20, 40, 80, 160, 300, 300, 300, 300].map((seconds) => seconds * 1000));
  });

  it('does not count what was begun before it opened', () => {
    expect(failing(20)).toEqual(failing(10));
  });

  it('never lets nothing through for longer than five minutes, whatever has happened', () => {
    const step = fc.record({ succeeded: fc.boolean(), afterMs: fc.integer({ min: 0, max: DAY_MS }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let at = AT;
        let health = HEALTHY;
        for (const { succeeded, afterMs } of steps) {
          at = new Date(at.getTime() + afterMs);
          health = afterAttempt(health, succeeded, at, PAUSE_MS);
          expect((health.openUntil?.getTime() ?? 0) - at.getTime()).toBeLessThanOrEqual(300_000);
          expect(health.failuresInRow === 0).toBe(health.failingSince === null);
        }
      }),
    );
  });
});

describe('isGivenUp', () => {
  const failingDaily = (days: number): EndpointHealth =>
    Array.from({ length: days + 1 }).reduce<EndpointHealth>(
      (health, _day, day) => failing(1, later(day * DAY_MS), health),
      HEALTHY,
    );

  it('holds after five days of nothing but failures, counted from the first', () => {
    expect(isGivenUp(failingDaily(4), later(5 * DAY_MS - 1))).toBe(false);
    expect(isGivenUp(failingDaily(5), later(5 * DAY_MS))).toBe(true);
  });

  it('takes silence for no failure: an endpoint that is seldom called is not given up for two bad calls', () => {
    const seldom = failing(1, later(30 * DAY_MS), failing(1));
    expect(isGivenUp(seldom, later(30 * DAY_MS))).toBe(false);
  });

  it('begins to count anew with every success', () => {
    const recovered = afterAttempt(failing(12), true, later(4 * DAY_MS), PAUSE_MS);
    const again = failing(1, later(6 * DAY_MS), recovered);
    expect(isGivenUp(again, later(6 * DAY_MS))).toBe(false);
  });
});
