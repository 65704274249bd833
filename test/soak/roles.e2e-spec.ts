import { stopAllProcesses } from '#libs/testing';
import { SHORT } from './roles/plan.js';
import { soakRoles } from './roles/run.js';

describe('a short form of the soak of role sessions', () => {
  afterAll(() => stopAllProcesses(), 60_000);

  it('sees no call meet the end of a session, over several workers and accounts', async () => {
    const checks = await soakRoles(SHORT);

    expect(checks.filter(({ holds }) => !holds)).toEqual([]);
    expect(checks).toHaveLength(4);
  }, 180_000);
});
