import { waitFor } from './wait-for.js';

describe('waitFor', () => {
  it('gives back the first answer that is not empty', async () => {
    const answers = [undefined, false, null, 0];
    expect(await waitFor(() => answers.shift(), { intervalMs: 1 })).toBe(0);
  });

  it('takes an exception as "not yet"', async () => {
    let asked = 0;
    await waitFor(
      () => {
        asked += 1;
        expect(asked).toBe(3);
        return true;
      },
      { intervalMs: 1 },
    );
    expect(asked).toBe(3);
  });

  it('says what it waited for and what it saw last', async () => {
    const wait = waitFor(() => false, { timeoutMs: 5, intervalMs: 1, what: 'the moon is blue' });
    await expect(wait).rejects.toThrow('not true within 5 ms: the moon is blue; it last answered false');
  });
});
