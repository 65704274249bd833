import { ManualClock } from '#libs/clock';
import { RefusalFold } from './refusal-fold.js';

describe('RefusalFold', () => {
  it('lets one refusal of an address and minute through, and tells with the next how many it folded', () => {
    const clock = new ManualClock();
    const fold = new RefusalFold();

    expect(fold.admit('192.0.2.1', clock.now())).toBe(0);
    for (let again = 0; again < 7; again += 1) expect(fold.admit('192.0.2.1', clock.now())).toBeNull();
    clock.advance(59_999);
    expect(fold.admit('192.0.2.1', clock.now())).toBeNull();
    clock.advance(1);
    expect(fold.admit('192.0.2.1', clock.now())).toBe(8);
    clock.advance(60_000);
    expect(fold.admit('192.0.2.1', clock.now())).toBe(0);
  });

  it('folds no address for what another one did', () => {
    const clock = new ManualClock();
    const fold = new RefusalFold();

    expect(fold.admit('192.0.2.1', clock.now())).toBe(0);
    expect(fold.admit('192.0.2.2', clock.now())).toBe(0);
  });

  it('lets the next one through when the last could not be written down', () => {
    const clock = new ManualClock();
    const fold = new RefusalFold();
    fold.admit('192.0.2.1', clock.now());
    fold.readmit('192.0.2.1');

    expect(fold.admit('192.0.2.1', clock.now())).toBe(0);
  });

  it('remembers a bounded number of addresses, the newest ones', () => {
    const clock = new ManualClock();
    const fold = new RefusalFold();
    for (let host = 0; host <= 10_000; host += 1) fold.admit(`address ${host}`, clock.now());

    expect(fold.admit('address 10000', clock.now())).toBeNull();
    expect(fold.admit('address 0', clock.now())).toBe(0);
  });
});
