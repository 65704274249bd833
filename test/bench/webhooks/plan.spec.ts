import { requestsFor, stepsOf } from './plan.js';

describe('the events of many requests', () => {
  it('are three of each request, in their order', () => {
    const steps = stepsOf(7, 2);
    expect(steps).toHaveLength(21);
    for (let request = 0; request < 7; request += 1) {
      expect(steps.filter((step) => step.request === request).map(({ nth }) => nth)).toEqual([0, 1, 2]);
    }
  });

  it('have those of other requests between them', () => {
    const steps = stepsOf(100, 10);
    const places = [0, 1, 2].map((nth) => steps.findIndex((step) => step.request === 50 && step.nth === nth));
    expect((places[1] ?? 0) - (places[0] ?? 0)).toBeGreaterThanOrEqual(20);
    expect((places[2] ?? 0) - (places[1] ?? 0)).toBeGreaterThanOrEqual(20);
  });

  it('are as many as wanted, or up to two more', () => {
    expect(requestsFor(10_000)).toBe(3334);
    expect(requestsFor(300)).toBe(100);
  });
});
