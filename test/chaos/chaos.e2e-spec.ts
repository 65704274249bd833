import { stopAllProcesses } from '#libs/testing';
import { SHORT } from './plan.js';
import { type Run, runChaos } from './run.js';

/** The harder of the two clouds: it takes any name twice, so that only the service's own care prevents a second image. */
describe('a short form of the chaos run', () => {
  let run: Run;

  beforeAll(async () => {
    run = await runChaos({ ...SHORT, seed: 20_261_124, enforceUniqueNames: false });
  }, 480_000);
  afterAll(() => stopAllProcesses(), 60_000);

  it('did all the harm that it is about', () => {
    expect(run.harm).toMatchObject({ gatewaysKilled: 2, redisFlushed: 1, redisRestarted: 1, postgresRestarted: 1 });
    expect(run.harm.workersKilled).toBeGreaterThanOrEqual(2);
  });

  it('ends every request as one image or one clear failure, and tells of it', () => {
    expect(run.checks.flatMap(({ what, faults }) => faults.map((fault) => `${what}: ${fault}`))).toEqual([]);
    expect(run.checks).toHaveLength(10);
  });
});
