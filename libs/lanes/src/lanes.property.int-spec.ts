import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { connectRedis } from '#libs/redis';
import { Secret } from '#libs/secret';
import { testKeyPrefix, testRedisUrl } from '#libs/testing';
import { ageLane } from '../test/age-lane.js';
import { type Lane, laneName } from './lane.js';
import { Lanes, type Lease } from './lanes.js';

const LIMIT = 10;
const WINDOW_MS = 1000;
const CALL_TIMEOUT_MS = 3000;
const WAITERS = 25;

/** What may happen to a lane, in any order. Waiters and leases are drawn by number. */
type Step =
  | { readonly kind: 'enter' | 'takeUp' | 'claim' | 'withdraw'; readonly waiter: number }
  | { readonly kind: 'answer' | 'crash'; readonly lease: number }
  | { readonly kind: 'pass' | 'setBack'; readonly ms: number }
  | { readonly kind: 'refuse'; readonly countedCalls: number }
  | {
      readonly kind:
        'enterAll' | 'claimAll' | 'answerAll' | 'forgetWakes' | 'fallBehind' | 'sweep' | 'lose' | 'restart';
    };

const waiter = fc.nat(WAITERS - 1);
const lease = fc.nat(LIMIT - 1);
/** Mostly close to the borders at which something changes: the window, the rest after lost state, a promise's grace. */
const ms = fc.oneof(fc.nat(1500), fc.constantFrom(1, 40, 400, 600, 900, 940, 960, 990, 999, 1000, 1150, 1200, 1500));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('enter' as const, 'claim' as const), waiter }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('takeUp' as const, 'withdraw' as const), waiter }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('answer' as const), lease }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), lease }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('setBack' as const), ms: fc.constantFrom(5, 800, 3_600_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('refuse' as const), countedCalls: fc.integer({ min: 0, max: 16 }) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constantFrom('enterAll' as const, 'claimAll' as const, 'claimAll' as const, 'answerAll' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'forgetWakes' as const,
        'fallBehind' as const,
        'sweep' as const,
        'lose' as const,
        'restart' as const,
      ),
    }),
  },
);

/** Drives a real lane by steps and keeps its own books of what the cloud saw. A call arrives as soon as it is leased. */
class Drive {
  readonly arrivals: number[] = [];
  private readonly wanting = new Set<string>();
  private readonly woken = new Set<string>();
  private held: Lease[] = [];
  private isBehind = false;
  private passedMs = 0;
  private readonly lane: Lane;
  private readonly lanes: Lanes;

  constructor(private readonly redis: Redis) {
    this.lane = { host: testKeyPrefix(), uin: '1', userId: '2', action: 'CreateImage' };
    this.lanes = new Lanes(redis, {
      limits: { CreateImage: LIMIT, DescribeImages: LIMIT },
      callTimeoutMs: CALL_TIMEOUT_MS,
      transitMs: 100,
      isBehind: () => this.isBehind,
      wake: (wake) => wake.kind === 'promised' && this.woken.add(wake.waiter),
    });
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'enter':
        return this.enter(`w${step.waiter}`);
      case 'takeUp':
        return this.lanes.takeUp(this.lane, `w${step.waiter}`);
      case 'claim':
        return this.claim(`w${step.waiter}`);
      case 'withdraw':
        this.wanting.delete(`w${step.waiter}`);
        return this.lanes.withdraw(this.lane, `w${step.waiter}`);
      case 'answer':
        return this.end(step.lease, (each) => this.lanes.rest(each));
      case 'crash':
        return this.end(step.lease, () => Promise.resolve());
      case 'enterAll':
        for (let n = 0; n < WAITERS; n++) await this.enter(`w${n}`);
        return;
      case 'claimAll':
        for (const name of Array.from(this.woken)) await this.claim(name);
        return;
      case 'answerAll':
        return this.answerAll();
      case 'forgetWakes':
        return this.woken.clear();
      case 'fallBehind':
        this.isBehind = !this.isBehind;
        return;
      case 'pass':
        return this.pass(step.ms);
      case 'setBack':
        // Only the server's clock: for the cloud no time passes, forwards or backwards.
        return ageLane(this.redis, this.lane, -step.ms);
      case 'refuse':
        return this.lanes.slow(this.lane, { countedCalls: step.countedCalls || null, enforcedLimit: LIMIT });
      case 'sweep':
        return this.lanes.sweep();
      case 'lose':
        await this.redis.del(...this.keys());
        return this.comeBack();
      case 'restart':
        await this.redis.hset(this.key('state'), 'run', 'another run of the server');
        return this.comeBack();
    }
  }

  /** Everybody who is woken comes, is answered, and time goes on: in the end nobody may be left. */
  async drain(): Promise<void> {
    for (let round = 0; this.wanting.size > 0; round++) {
      if (round > 400) throw new Error(`never called: ${[...this.wanting].join(', ')}`);
      await this.lanes.sweep();
      for (const name of await this.lanes.missing(this.lane, [...this.wanting])) await this.enter(name);
      for (const name of Array.from(this.woken)) await this.claim(name);
      await this.answerAll();
      await this.pass(300);
    }
  }

  /** The most arrivals in any window of a second. */
  mostInAnyWindow(): number {
    return Math.max(
      0,
      ...this.arrivals.map((end) => this.arrivals.filter((at) => at > end - WINDOW_MS && at <= end).length),
    );
  }

  private async enter(name: string): Promise<void> {
    this.wanting.add(name);
    await this.lanes.enter(this.lane, name, Number(name.slice(1)));
  }

  private async claim(name: string): Promise<void> {
    this.woken.delete(name);
    if (!this.wanting.has(name)) return;
    await this.lanes.takeUp(this.lane, name);
    const claim = await this.lanes.claim(this.lane, name, Number(name.slice(1)));
    // Too early: it comes again, as the queue's job would.
    if (claim.kind === 'early') this.woken.add(name);
    if (claim.kind !== 'leased') return;
    this.wanting.delete(name);
    this.held.push(claim.lease);
    this.arrivals.push(await this.now());
  }

  private async end(index: number, how: (lease: Lease) => Promise<void>): Promise<void> {
    const ended = this.held[index % Math.max(1, this.held.length)];
    if (ended === undefined) return;
    this.held = this.held.filter((each) => each !== ended);
    await how(ended);
  }

  private async answerAll(): Promise<void> {
    while (this.held.length > 0) await this.end(0, (each) => this.lanes.rest(each));
  }

  private async pass(ms: number): Promise<void> {
    this.passedMs += ms;
    await ageLane(this.redis, this.lane, ms);
  }

  /** What the recovery does after Redis has lost its memory: whoever still wants a token enters again. */
  private async comeBack(): Promise<void> {
    for (const name of this.wanting) await this.lanes.enter(this.lane, name, Number(name.slice(1)));
  }

  private keys(): readonly string[] {
    return ['leases', 'resting', 'promised', 'unqueued', 'waiting', 'state'].map((part) => this.key(part));
  }

  private key(part: string): string {
    return `lane:{${laneName(this.lane)}}:${part}`;
  }

  private async now(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1000 + Number(micros) / 1000 + this.passedMs;
  }
}

describe('a lane, whatever happens to it', () => {
  let redis: Redis;

  beforeAll(() => {
    const url = new URL(testRedisUrl());
    // The sweep goes over every lane there is: these have a database to themselves.
    url.pathname = '/6';
    redis = connectRedis(new Secret(url.href), 'commands');
  });
  afterAll(async () => {
    await redis.flushdb();
    redis.disconnect();
  });

  it('never lets more than the limit arrive in any second, and calls everybody who waits exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        await redis.flushdb();
        const drive = new Drive(redis);
        for (const each of steps) await drive.take(each);
        await drive.drain();

        expect(drive.mostInAnyWindow()).toBeLessThanOrEqual(LIMIT);
      }),
      { numRuns: 120, endOnFailure: false },
    );
  }, 240_000);
});
