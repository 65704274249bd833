import { CallLog, type CallEntry } from './call-log.js';
import { maxArrivalsInAnySecond, namesCreatedTwice } from './call-stats.js';

function call(change: Partial<CallEntry>): CallEntry {
  return {
    action: 'CreateImage',
    host: 'h',
    uin: '1',
    userId: '2',
    region: 'r',
    imageName: null,
    imageId: null,
    ...change,
  } as CallEntry;
}

describe('CallLog', () => {
  it('keeps the newest calls and goes on counting', () => {
    const log = new CallLog(3);
    for (let index = 0; index < 20_000; index += 1) log.append(call({}));

    expect(log.all().map((entry) => entry.n)).toEqual([19_998, 19_999, 20_000]);
  });
});

describe('maxArrivalsInAnySecond', () => {
  it('finds the densest second, wherever it begins', () => {
    const times = [0, 900, 1000, 1100, 1899, 1900.5, 5000];
    const counts = maxArrivalsInAnySecond(times.map((arrivedAtMs) => call({ arrivedAtMs })));

    expect(counts).toEqual({ CreateImage: { 'h|1|2': 4 } });
  });

  it('keeps hosts, users and actions apart, and the sessions of a role together', () => {
    const counts = maxArrivalsInAnySecond([
      call({ arrivedAtMs: 0 }),
      call({ arrivedAtMs: 1, host: 'g' }),
      call({ arrivedAtMs: 2, action: 'DescribeImages' }),
      call({ arrivedAtMs: 3, userId: '9:one' }),
      call({ arrivedAtMs: 4, userId: '9:two' }),
      call({ arrivedAtMs: 5, uin: null }),
    ]);

    expect(counts).toEqual({ CreateImage: { 'h|1|2': 1, 'g|1|2': 1, 'h|1|9': 2 }, DescribeImages: { 'h|1|2': 1 } });
  });
});

describe('namesCreatedTwice', () => {
  it('reports a name once two images bear it in one account and region', () => {
    const calls = [
      call({ imageName: 'web', imageId: 'img-1' }),
      call({ imageName: 'web', imageId: 'img-2', region: 's' }),
      call({ imageName: 'web', imageId: null }),
      call({ imageName: 'db', imageId: 'img-3' }),
      call({ imageName: 'db', imageId: 'img-4' }),
    ];

    expect(namesCreatedTwice(calls)).toEqual([{ uin: '1', region: 'r', name: 'db', imageIds: ['img-3', 'img-4'] }]);
  });
});
