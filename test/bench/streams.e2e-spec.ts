import { stopAllProcesses } from '#libs/testing';
import { SHORT } from './streams/plan.js';
import { runStreams } from './streams/run.js';

describe('a short form of the benchmark of streams', () => {
  afterAll(() => stopAllProcesses(), 60_000);

  it('tells every stream every event of its tenant exactly once and in order, though all connections are cut', async () => {
    const { faults, arrivals, events } = await runStreams(SHORT);

    expect(faults).toEqual([]);
    expect(arrivals).toBe((events * SHORT.streams) / SHORT.tenants);
  }, 120_000);
});
