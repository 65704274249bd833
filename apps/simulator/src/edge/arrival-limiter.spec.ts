import fc from 'fast-check';

import { ArrivalLimiter, limitExceededMessage } from './arrival-limiter.js';

describe('ArrivalLimiter', () => {
  it('never admits more than the limit in any second, whatever the gaps', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.double({ min: 0, max: 400, noNaN: true })),
        (limit, gapsMs) => {
          const limiter = new ArrivalLimiter();
          let nowMs = 0;
          const admittedMs = gapsMs.flatMap((gapMs) => {
            nowMs += gapMs;
            return limiter.arrive('bucket', limit, nowMs).admitted ? [nowMs] : [];
          });

          return admittedMs.every((endMs) => {
            const inSecond = admittedMs.filter((atMs) => atMs > endMs - 1000 && atMs <= endMs);
            return inSecond.length <= limit;
          });
        },
      ),
    );
  });

  it('admits everything that keeps to the limit', () => {
    const limiter = new ArrivalLimiter();
    const verdicts = Array.from({ length: 50 }, (_, index) => limiter.arrive('bucket', 10, index * 100));

    expect(verdicts.every((verdict) => verdict.admitted)).toBe(true);
  });

  it('counts refused arrivals too, so hammering never gets through again', () => {
    const limiter = new ArrivalLimiter();
    const verdicts = Array.from({ length: 40 }, (_, index) => limiter.arrive('bucket', 10, index * 50));

    expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(10);
    expect(verdicts.at(-1)).toEqual({ admitted: false, arrivalsInSecond: 20, limit: 10 });
  });

  it('keeps buckets apart and forgets after exactly a second', () => {
    const limiter = new ArrivalLimiter();
    limiter.arrive('one', 1, 0);

    expect(limiter.arrive('two', 1, 0).admitted).toBe(true);
    expect(limiter.arrive('two', 1, 999.9).admitted).toBe(false);
    expect(limiter.arrive('one', 1, 1000).admitted).toBe(true);
  });

  it('speaks in the words of the cloud', () => {
    expect(limitExceededMessage({ admitted: false, arrivalsInSecond: 21, limit: 20 })).toBe(
      'Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second. ' +
        'Please reduce the frequency of calls.',
    );
  });
});
