import { Turns } from './turns.js';

describe('Turns', () => {
  it('lets no more work at once than it has, and the others in the order in which they came', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const works = [0, 1, 2, 3].map((number) =>
      turns.take(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => ends.push(resolve));
        return number;
      }),
    );
    expect(begun).toEqual([0, 1]);

    ends[0]?.();
    await works[0];
    expect(begun).toEqual([0, 1, 2]);
    ends[1]?.();
    ends[2]?.();
    await works[2];
    ends[3]?.();
    expect(await Promise.all(works)).toEqual([0, 1, 2, 3]);
  });

  it('gives the turn of a work that fails to the next', async () => {
    const turns = new Turns(1);
    const failing = turns.take(() => Promise.reject(new Error('failed')));
    const next = turns.take(async () => 'done');

    await expect(failing).rejects.toThrow('failed');
    expect(await next).toBe('done');
  });
});
