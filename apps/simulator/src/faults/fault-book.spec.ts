import { FaultBook, type FaultTarget } from './fault-book.js';
import { readFaultRule } from './fault.js';

const TARGET: FaultTarget = {
  action: 'CreateImage',
  imageName: 'web-1',
  instanceId: 'ins-00000001',
  host: '127.0.0.1',
  secretId: 'AKID1',
  uin: '1',
};

function bookOf(...rules: object[]): FaultBook {
  const book = new FaultBook(7);
  rules.forEach((rule) => book.add(readFaultRule(rule, 'rule')));
  return book;
}

function struck(book: FaultBook, calls: number): boolean[] {
  return Array.from({ length: calls }, () => book.strike(TARGET).kinds.length > 0);
}

describe('FaultBook', () => {
  it('lets calls pass first, then strikes exactly as many as it should', () => {
    const book = bookOf({ skip: 2, times: 3, effect: { kind: 'reset-after' } });

    expect(struck(book, 8)).toEqual([false, false, true, true, true, false, false, false]);
    expect(book.all()).toMatchObject([{ seen: 5, fired: 3 }]);
  });

  it('strikes about the share asked for, the same calls for the same seed', () => {
    const rule = { share: 0.25, effect: { kind: 'reset-after' } };
    const first = struck(bookOf(rule), 2000);

    expect(struck(bookOf(rule), 2000)).toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(430);
    expect(first.filter(Boolean).length).toBeLessThan(570);
  });

  it.each([
    [{ action: 'CreateImage' }, true],
    [{ action: 'DescribeImages' }, false],
    [{ imageName: 'web-1' }, true],
    [{ imageName: 'web-*' }, true],
    [{ imageName: 'web' }, false],
    [{ instanceId: 'ins-00000001' }, true],
    [{ instanceId: 'ins-00000002' }, false],
    [{ host: '127.0.0.1', secretId: 'AKID1', uin: '1' }, true],
    [{ host: '127.0.0.1', secretId: 'AKID2', uin: '1' }, false],
    [{}, true],
  ])('matches %j: %s', (match, matches) => {
    expect(struck(bookOf({ match, effect: { kind: 'empty' } }), 1)).toEqual([matches]);
  });

  it('strikes with one fault of each family, first come first served', () => {
    const book = bookOf(
      { times: 1, effect: { kind: 'reset-after' } },
      { effect: { kind: 'empty' } },
      { effect: { kind: 'invisible', ms: 5 } },
      { effect: { kind: 'delay', minMs: 1, maxMs: 2 } },
    );

    expect(book.strike(TARGET).kinds).toEqual(['invisible', 'delay', 'reset-after']);
    expect(book.strike(TARGET).kinds).toEqual(['invisible', 'delay', 'empty']);
  });

  it('keeps faults of images to calls that create one', () => {
    const book = bookOf({ effect: { kind: 'create-failed' } });

    expect(book.strike({ ...TARGET, action: 'DescribeImages' }).kinds).toEqual([]);
  });
});

describe('readFaultRule', () => {
  it.each([
    [{}, 'rule.effect must be an object with a kind'],
    [{ effect: { kind: 'fire' } }, 'rule.effect.kind must be one of create-failed, invisible'],
    [{ effect: { kind: 'error' } }, 'rule.effect.code must be a non-empty string'],
    [{ effect: { kind: 'empty', ms: 1 } }, 'rule.effect.ms is not known'],
    [{ effect: { kind: 'empty' }, share: 2 }, 'rule.share must lie between 0 and 1'],
    [{ effect: { kind: 'empty' }, times: 0 }, 'rule.times must lie between 1'],
    [{ effect: { kind: 'empty' }, match: { action: 'Create' } }, 'rule.match.action must be one of CreateImage'],
    [{ effect: { kind: 'empty' }, matches: {} }, 'rule.matches is not known'],
  ])('refuses %j', (rule, message) => {
    expect(() => readFaultRule(rule, 'rule')).toThrow(message);
  });
});
