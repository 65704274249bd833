import { stopAllProcesses } from '#libs/testing';
import { SHORT } from './plan.js';
import { type Run, runCanary } from './run.js';

describe('a short form of the canary run', () => {
  let run: Run;

  beforeAll(async () => {
    run = await runCanary(SHORT);
  }, 480_000);
  afterAll(() => stopAllProcesses(), 60_000);

  it('finds in every place what stands there for certain', () => {
    expect(run.checks.filter(({ isSearched }) => !isSearched).map(({ place }) => place)).toEqual([]);
    expect(run.checks.length).toBeGreaterThanOrEqual(14);
  });

  it('finds no secret anywhere, in whatever encoding', () => {
    expect(run.checks.flatMap(({ place, found }) => found.map((one) => `${place}: ${one}`))).toEqual([]);
    expect(run.secrets).toBeGreaterThan(20);
  });
});
