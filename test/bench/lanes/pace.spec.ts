import { maxInAnySecond, pace, percentile } from './pace.js';

const evenly = Array.from({ length: 100 }, (_, n) => n * 100);
const tenAtATime = Array.from({ length: 100 }, (_, n) => Math.floor(n / 10) * 1000);

describe('what the judge counts', () => {
  it('finds the densest second wherever it begins', () => {
    expect(maxInAnySecond([0, 900, 950, 1000, 1899])).toBe(4);
    expect(maxInAnySecond([0, 1000, 2000])).toBe(1);
    expect(maxInAnySecond([])).toBe(0);
  });

  it('calls the full pace full, whether calls come evenly or ten at a time', () => {
    expect(pace(evenly, 10)).toBeCloseTo(10);
    expect(pace(tenAtATime, 10)).toBeCloseTo(10);
  });

  it('calls half the pace half, and says nothing of too few', () => {
    const half = evenly.map((time) => time * 2);
    expect(pace(half, 10)).toBeCloseTo(5);
    expect(pace(half.slice(0, 10), 10)).toBeNull();
  });

  it('takes the value that the share does not exceed', () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile(values, 0.5)).toBe(50);
  });
});
