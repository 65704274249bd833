import { ManualClock } from '#libs/clock';
import { RefusalFold } from './refusal-fold.js';

const OWN_ENTRIES_MAX = 20;

describe('RefusalFold', () => {
  let clock: ManualClock;
  let fold: RefusalFold<string>;

  beforeEach(() => {
    clock = new ManualClock();
    fold = new RefusalFold<string>();
  });

  function refuse(party: string, times: number): boolean[] {
    return Array.from({ length: times }, (_, index) => fold.admit(party, `${party} no. ${index + 1}`, clock.now()));
  }

  it('gives the first twenty refusals of a party and minute an entry each, and counts the others', () => {
    expect(refuse('192.0.2.1', 27).filter((isAdmitted) => isAdmitted)).toHaveLength(OWN_ENTRIES_MAX);
    clock.advance(59_999);
    expect(refuse('192.0.2.1', 1)).toEqual([false]);
    expect(fold.takeClosed(clock.now())).toEqual([]);

    clock.advance(1);
    expect(fold.takeClosed(clock.now())).toEqual([{ count: 8, last: '192.0.2.1 no. 1' }]);
    expect(fold.takeClosed(clock.now())).toEqual([]);
    expect(refuse('192.0.2.1', 1)).toEqual([true]);
  });

  it('tells what it counted also when the party comes again before anyone asked', () => {
    refuse('192.0.2.1', 23);
    clock.advance(60_000);
    expect(refuse('192.0.2.1', 1)).toEqual([true]);

    expect(fold.takeClosed(clock.now())).toEqual([{ count: 3, last: '192.0.2.1 no. 23' }]);
  });

  it('tells nothing of a party that had an entry for each', () => {
    refuse('192.0.2.1', OWN_ENTRIES_MAX);
    clock.advance(60_000);

    expect(fold.takeClosed(clock.now())).toEqual([]);
  });

  it('folds no party for what another one did', () => {
    refuse('192.0.2.1', 30);

    expect(refuse('192.0.2.2', 1)).toEqual([true]);
  });

  it('lets the next one through when the last could not be written down', () => {
    refuse('192.0.2.1', OWN_ENTRIES_MAX);
    fold.readmit('192.0.2.1');

    expect(refuse('192.0.2.1', 2)).toEqual([true, false]);
  });

  it('tells all that it counted at the end, and again what could not be written down then', () => {
    refuse('192.0.2.1', 22);
    refuse('192.0.2.2', 21);
    const all = fold.takeAll();
    expect(all).toEqual([
      { count: 2, last: '192.0.2.1 no. 22' },
      { count: 1, last: '192.0.2.2 no. 21' },
    ]);
    fold.putBack(all.slice(1));

    expect(fold.takeAll()).toEqual(all.slice(1));
  });

  it('remembers a bounded number of parties, and loses no count of one that it forgets', () => {
    refuse('the first', 25);
    for (let host = 0; host < 10_000; host += 1) refuse(`address ${host}`, 1);

    expect(fold.takeClosed(clock.now())).toEqual([{ count: 5, last: 'the first no. 25' }]);
    expect(refuse('the first', 1)).toEqual([true]);
  });
});
