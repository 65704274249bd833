import { nextFreePort } from './next-free-port.js';

describe('nextFreePort', () => {
  const takenUpTo = (last: number) => (port: number) => Promise.resolve(port > last);

  it('keeps the wanted port when nobody has it', async () => {
    expect(await nextFreePort(3000, takenUpTo(2999))).toBe(3000);
  });

  it('steps around ports that others have', async () => {
    expect(await nextFreePort(3000, takenUpTo(3002))).toBe(3003);
  });

  it('gives up rather than end up far from where it was asked to be', async () => {
    await expect(nextFreePort(3000, takenUpTo(65_535))).rejects.toThrow('no port is free between 3000 and 3100');
  });

  it('never steps past the last port there is', async () => {
    await expect(nextFreePort(65_530, takenUpTo(65_535))).rejects.toThrow('between 65530 and 65535');
  });
});
