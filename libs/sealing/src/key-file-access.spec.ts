import { accessFaults } from './key-file-access.js';

const [OWN, ROOT, STRANGER] = [1000, 0, 1001];
const file = (mode: number, uid = OWN) => ({ isRegular: true, mode: 0o100000 | mode, uid });

describe('accessFaults', () => {
  it.each([0o600, 0o400, 0o700])('finds nothing in a file of mode %o of this user or of root', (mode) => {
    expect(accessFaults(file(mode), '/keys', OWN)).toEqual([]);
    expect(accessFaults(file(mode, ROOT), '/keys', OWN)).toEqual([]);
  });

  it('refuses every mode that has any bit for the group or for others, naming mode and remedy', () => {
    for (let bits = 1; bits <= 0o77; bits += 1) {
      const [fault = '', ...more] = accessFaults(file(0o600 | bits), '/run/keys', OWN);
      expect(more).toEqual([]);
      expect(fault).toContain(`mode is ${(0o600 | bits).toString(8).padStart(4, '0')}: run chmod 600 /run/keys`);
    }
  });

  it("refuses a stranger's file, be it as closed as can be", () => {
    expect(accessFaults(file(0o600, STRANGER), '/keys', OWN)).toEqual([
      expect.stringContaining('run chown 1000 /keys'),
    ]);
    expect(accessFaults(file(0o600, STRANGER), '/keys', ROOT)).toEqual([expect.stringContaining('run chown 0 /keys')]);
  });

  it('names both faults of a file that has both', () => {
    expect(accessFaults(file(0o644, STRANGER), '/keys', OWN)).toHaveLength(2);
  });

  it('refuses what is no regular file', () => {
    expect(accessFaults({ ...file(0o600), isRegular: false }, '/keys', OWN)).toEqual(['must name a regular file']);
  });

  it('gives a command that a shell takes as it is', () => {
    expect(accessFaults(file(0o644), "/run/it's here", OWN)[0]).toContain(`chmod 600 '/run/it'\\''s here'`);
  });
});
