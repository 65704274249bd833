import { stopAllProcesses } from '#libs/testing';
import type { BenchCase, Row } from './lanes/bench-case.js';
import { CASES } from './lanes/cases.js';
import { startProduct } from './lanes/product.js';

/** Each group has a product of its own, so that those of one need not wait for another's. */
const GROUPS = [
  ['killed-workers', 'lost-redis'],
  ['no-jitter', 'jitter', 'slow-call', 'stranger'],
  ['many-lanes', 'deep-backlog', 'response-only'],
];
const EXTENT = { calls: 25, workers: 2, short: true };

describe('a short form of the benchmark', () => {
  const rows = new Map<string, Promise<Row>>();
  const ends: Promise<unknown>[] = [];

  beforeAll(() => {
    for (const group of GROUPS) runGroup(CASES.filter(({ name }) => group.includes(name)));
  });
  afterAll(async () => {
    await Promise.all(ends);
    await stopAllProcesses();
  }, 60_000);

  /** Says nothing of speed: that is measured by `npm run bench:lanes` on a machine that does nothing else. */
  it.each(CASES)(
    '$name: nothing is rejected, nothing is too fast, nothing is lost or doubled',
    async ({ name }) => {
      const row = await rows.get(name);
      expect(row?.breaches).toEqual([]);
      expect(row?.calls).toBeGreaterThan(0);
    },
    120_000,
  );

  /** One after another; a case that fails leaves the product to the next. */
  function runGroup(cases: readonly BenchCase[]): void {
    const settings = Object.fromEntries(cases.flatMap((benchCase) => Object.entries(benchCase.settings)));
    const product = startProduct(settings, EXTENT.workers);
    let previous: Promise<unknown> = product;
    for (const benchCase of cases) {
      const row = previous.then(async () => {
        await (await product).setOut(benchCase);
        return benchCase.ours(await product, EXTENT);
      });
      previous = row.catch(() => undefined);
      rows.set(benchCase.name, row);
    }
    ends.push(previous.then(async () => (await product).stop()).catch(() => undefined));
  }
});
