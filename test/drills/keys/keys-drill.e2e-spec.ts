import { stopAllProcesses } from '#libs/testing';
import { type Drill, runDrill } from './drill.js';
import { SHORT } from './plan.js';
import { tablesOf } from './table.js';

describe('a short form of the drill that rotates the master key under load', () => {
  let drill: Drill;

  beforeAll(async () => {
    drill = await runDrill(SHORT);
  }, 300_000);
  afterAll(() => stopAllProcesses(), 60_000);

  it('serves every caller from the first step to the last, and leaves nothing that needs the old key', () => {
    const missed = drill.checks.filter(({ holds }) => !holds);

    expect(missed.length === 0 ? '' : tablesOf(drill)).toBe('');
    expect(drill.steps.every(({ failed }) => failed === 0)).toBe(true);
  });
});
