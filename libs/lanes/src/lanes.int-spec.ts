import type { Redis } from 'ioredis';
import { connectRedis } from '#libs/redis';
import { Secret } from '#libs/secret';
import { testKeyPrefix, testRedisUrl, waitFor } from '#libs/testing';
import { ageLane } from '../test/age-lane.js';
import { type Lane, laneName, rankOf } from './lane.js';
import { type LaneOptions, Lanes, type Lease, type Wake } from './lanes.js';

describe('Lanes', () => {
  let redis: Redis;
  let lane: Lane;
  let woken: Wake[];

  /** As the gateway has them, which can't tell whether workers are behind. */
  const gatewayLanes = (options: Partial<LaneOptions> = {}): Lanes =>
    new Lanes(redis, {
      limits: { CreateImage: 10, DescribeImages: 40 },
      callTimeoutMs: 5000,
      transitMs: 100,
      wake: (wake) => woken.push(wake),
      ...options,
    });
  const lanesOf = (options: Partial<LaneOptions> = {}): Lanes => gatewayLanes({ isBehind: () => false, ...options });

  const takeSoon = async (lanes: Lanes): Promise<Lease> => {
    const lease = await lanes.take(lane, 10_000);
    if (lease === null) throw new Error('no token came free');
    return lease;
  };

  /** A lane whose tokens have all come out of the rest that follows lost state. */
  const restedLane = async (): Promise<Lanes> => {
    const lanes = lanesOf();
    await lanes.state(lane);
    await ageLane(redis, lane, 2000);
    return lanes;
  };

  const claimAll = async (lanes: Lanes, count: number): Promise<Lease[]> => {
    const claims = await Promise.all(Array.from({ length: count }, (_, n) => lanes.claim(lane, `first-${n}`, n)));
    return claims.flatMap((claim) => (claim.kind === 'leased' ? [claim.lease] : []));
  };

  beforeAll(() => {
    redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  });
  afterAll(() => redis.disconnect());
  beforeEach(() => {
    lane = { host: testKeyPrefix(), uin: '1000', userId: '1001', action: 'CreateImage' };
    woken = [];
  });

  it('leases no more tokens than it has, however many workers race', async () => {
    const lanes = await restedLane();

    expect(await claimAll(lanes, 50)).toHaveLength(10);
  });

  it('leases as many tokens for AssumeRole as the cloud takes calls a second', async () => {
    lane = { ...lane, action: 'AssumeRole' };
    const lanes = await restedLane();

    expect(await claimAll(lanes, 650)).toHaveLength(600);
  });

  it('lets many leave at once, and those who stay take the tokens that were promised to them', async () => {
    const lanes = await restedLane();
    const leaving = Array.from({ length: 500 }, (_, n) => `leaving-${n}`);
    await Promise.all(leaving.map((waiter, n) => lanes.enter(lane, waiter, n)));
    for (let n = 0; n < 20; n++) await lanes.enter(lane, `staying-${n}`, 1000 + n);
    woken = [];
    await lanes.withdrawAll(lane, leaving);

    expect(woken.filter(({ kind }) => kind === 'promised').map(({ waiter }) => waiter)).toEqual(
      Array.from({ length: 10 }, (_, n) => `staying-${n}`),
    );
    expect(await lanes.state(lane)).toMatchObject({ inUse: 0, waiting: 10 });
    await lanes.withdrawAll(lane, leaving);
    await lanes.withdrawAll(lane, []);
    expect(await lanes.state(lane)).toMatchObject({ waiting: 10 });
  });

  it('grants nothing for more than a second when it cannot know what was granted before', async () => {
    const lanes = lanesOf();
    const askedAt = performance.now();

    expect(await lanes.claim(lane, 'waiter', 0)).toEqual({ kind: 'waiting' });
    await lanes.withdraw(lane, 'waiter');
    await takeSoon(lanes);
    expect(performance.now() - askedAt).toBeGreaterThan(1000);
  });

  it('rests again after its state was written by another run of the server', async () => {
    const lanes = await restedLane();
    await redis.hset(`lane:{${lane.host}|1000|1001|CreateImage}:state`, 'run', 'another');

    expect(await claimAll(lanes, 10)).toHaveLength(0);
  });

  it('lets a token rest for a second after its call was answered', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    await lanes.rest(leases[0]!);
    const restedAt = performance.now();

    const lease = await takeSoon(lanes);

    expect(performance.now() - restedAt).toBeGreaterThan(990);
    expect(lease.id).not.toBe(leases[0]!.id);
  });

  it('gives a token on at once when nothing was sent', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    await lanes.handBack(leases[0]!);

    expect((await lanes.claim(lane, 'next', 0)).kind).toBe('leased');
  });

  it('promises a resting token to the next waiter by priority, then age, and to nobody else', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
    await lanes.enter(lane, 'old', rankOf({ priority: 5, createdAt: at(0) }));
    await lanes.enter(lane, 'new', rankOf({ priority: 5, createdAt: at(1) }));
    await lanes.enter(lane, 'urgent', rankOf({ priority: 9, createdAt: at(2) }));

    for (const lease of leases.slice(0, 3)) await lanes.rest(lease);

    const promised = woken.filter((wake) => wake.kind === 'promised');
    expect(promised.map((wake) => wake.waiter)).toEqual(['urgent', 'old', 'new']);
    for (const wake of promised) expect(wake.inMs).toBeGreaterThan(900);
    expect((await lanes.claim(lane, 'urgent', 0)).kind).toBe('early');
    expect(await lanes.claim(lane, 'stranger', 0)).toEqual({ kind: 'waiting' });
  });

  describe('where workers are behind', () => {
    let gateway: Lanes;
    let lanes: Lanes;
    const calledUp = (): readonly string[] => woken.flatMap((wake) => (wake.kind === 'promised' ? [wake.waiter] : []));

    beforeEach(async () => {
      await restedLane();
      gateway = gatewayLanes();
      lanes = lanesOf({ isBehind: () => true });
      for (let n = 0; n < 10; n++) await lanes.enter(lane, `w${n}`, n);
    });

    it('calls up two at a time, and the next as soon as a worker takes one up', async () => {
      expect(await lanes.state(lane)).toMatchObject({ resting: 10, waiting: 0 });
      expect(calledUp()).toEqual(['w0', 'w1']);

      await lanes.takeUp(lane, 'w0');
      expect(calledUp()).toEqual(['w0', 'w1', 'w2']);
      expect((await lanes.claim(lane, 'w0', 0)).kind).toBe('leased');
      expect(calledUp()).toEqual(['w0', 'w1', 'w2']);
      await lanes.withdraw(lane, 'w1');
      expect(calledUp()).toEqual(['w0', 'w1', 'w2', 'w3']);
    });

    it('calls up the next of a worker that claims without having taken up', async () => {
      expect((await lanes.claim(lane, 'w0', 0)).kind).toBe('leased');
      expect(calledUp()).toEqual(['w0', 'w1', 'w2']);
    });

    it('wakes again who did not come and whose worker died, and nobody that was not called up', async () => {
      await lanes.takeUp(lane, 'w0');
      woken = [];
      await ageLane(redis, lane, 1600);
      await lanes.state(lane);
      expect(calledUp()).toEqual([]);

      await ageLane(redis, lane, 4500);
      await gateway.state(lane);
      expect(calledUp()).toEqual([]);
      await lanes.state(lane);
      expect(calledUp().toSorted()).toEqual(['w0', 'w1', 'w2']);
    });

    it('lets go whom it held once workers keep up, and not by the gateway, which cannot tell', async () => {
      woken = [];
      await gateway.state(lane);
      await gateway.recall(lane, 'w5');
      expect(calledUp()).toEqual([]);

      await lanesOf({ isBehind: () => false }).state(lane);
      expect(calledUp()).toEqual(['w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8', 'w9']);
    });

    it('leaves a waiter without a usable token where it stands', async () => {
      for (let n = 0; n < 10; n++) await lanes.claim(lane, `w${n}`, n);
      await lanes.enter(lane, 'late', 99);
      woken = [];

      await lanes.takeUp(lane, 'late');

      expect(calledUp()).toEqual([]);
      expect(await lanes.placeOf(lane, 'late')).toMatchObject({ kind: 'waiting', before: 0 });
    });
  });

  it('lets the lowest priority move once it is old enough', () => {
    const start = Date.UTC(2026, 0, 1);
    const low = rankOf({ priority: 0, createdAt: new Date(start) });

    expect(rankOf({ priority: 9, createdAt: new Date(start + 8 * 60_000) })).toBeLessThan(low);
    expect(rankOf({ priority: 9, createdAt: new Date(start + 10 * 60_000) })).toBeGreaterThan(low);
  });

  it('turns a promise into a lease once the token has rested', async () => {
    const lanes = await restedLane();
    const [lease] = await claimAll(lanes, 10);
    await lanes.enter(lane, 'next', 0);
    await lanes.rest(lease!);

    await waitFor(async () => (await lanes.claim(lane, 'next', 0)).kind === 'leased', {
      timeoutMs: 2000,
      intervalMs: 5,
    });
  });

  it('ends the lease of a holder that died, after the call can no longer arrive', async () => {
    const lanes = lanesOf({ callTimeoutMs: 200 });
    await lanes.handBack(await takeSoon(lanes));
    await claimAll(lanes, 10);
    const leasedAt = performance.now();

    await takeSoon(lanes);

    // The lease is 1200 ms; the first of the claims was a little before the last.
    expect(performance.now() - leasedAt).toBeGreaterThan(1000);
  });

  it('wakes a waiter again that did not come for its token', async () => {
    const lanes = await restedLane();
    await lanes.enter(lane, 'sleeper', 0);
    expect(woken.filter((wake) => wake.waiter === 'sleeper')).toHaveLength(1);

    await waitFor(
      async () => {
        await lanes.sweep();
        return woken.filter((wake) => wake.waiter === 'sleeper').length === 2;
      },
      { timeoutMs: 10_000, intervalMs: 50 },
    );
  });

  it('recalls a waiter that was promised a token, and none that still waits', async () => {
    const lanes = await restedLane();
    const [lease] = await claimAll(lanes, 10);
    await lanes.enter(lane, 'first', 0);
    await lanes.enter(lane, 'second', 1);
    await lanes.rest(lease!);
    woken = [];

    await lanes.recall(lane, 'second');
    expect(woken).toEqual([]);
    await lanes.recall(lane, 'first');
    expect(woken).toMatchObject([{ kind: 'promised', waiter: 'first' }]);
  });

  it('gives the promised token of a waiter that withdraws to the next one', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    await lanes.enter(lane, 'first', 0);
    await lanes.enter(lane, 'second', 1);
    await lanes.rest(leases[0]!);

    await lanes.withdraw(lane, 'first');

    const promised = woken.filter((wake) => wake.kind === 'promised');
    expect(promised.map((wake) => wake.waiter)).toEqual(['first', 'second']);
  });

  it('keeps the place of a waiter that enters twice', async () => {
    const lanes = await restedLane();
    await claimAll(lanes, 10);
    await lanes.enter(lane, 'a', 1);
    await lanes.enter(lane, 'b', 2);
    await lanes.enter(lane, 'a', 3);

    expect(await lanes.placeOf(lane, 'a')).toMatchObject({ kind: 'waiting', before: 0 });
    expect(await lanes.placeOf(lane, 'b')).toMatchObject({ kind: 'waiting', before: 1 });
    expect(await lanes.placeOf(lane, 'stranger')).toBeNull();
  });

  it('changes nothing when a lease is ended twice', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    await lanes.handBack(leases[0]!);
    await lanes.rest(leases[0]!);
    await lanes.handBack(leases[0]!);

    expect(await claimAll(lanes, 5)).toHaveLength(1);
  });

  it('renews a lease that is held, and none that is gone', async () => {
    const lanes = await restedLane();
    const [lease] = await claimAll(lanes, 1);

    expect((await lanes.renew(lease!))?.askedAtMs).toBeGreaterThan(lease!.askedAtMs);
    await lanes.handBack(lease!);
    expect(await lanes.renew(lease!)).toBeNull();
  });

  it('gives up waiting for a token in time', async () => {
    const lanes = await restedLane();
    await claimAll(lanes, 10);

    expect(await lanes.take(lane, 100)).toBeNull();
  });

  it('drops a waiter that never comes, so that its token serves others', async () => {
    const lanes = await restedLane();
    await lanes.enter(lane, 'ghost', 0);

    for (let waitedMs = 0; (await lanes.placeOf(lane, 'ghost')) !== null; waitedMs += 500) {
      expect(waitedMs).toBeLessThan(200_000);
      await ageLane(redis, lane, 500);
    }

    // Soon at first, then more rarely: a waiter whose workers are busy is not drowned in wakes.
    expect(woken.filter(({ waiter }) => waiter === 'ghost')).toHaveLength(18);
    expect(await claimAll(lanes, 20)).toHaveLength(10);
  });

  it('lowers its pace by what the cloud counted too much, and probes back up', async () => {
    const lanes = lanesOf({ probeHoldMs: 300 });
    await lanes.handBack(await takeSoon(lanes));

    await lanes.slow(lane, { countedCalls: 12, enforcedLimit: 10 });
    await lanes.slow(lane, { countedCalls: 14, enforcedLimit: 10 });
    await lanes.slow(lane, { countedCalls: 11, enforcedLimit: 10 });
    expect(await lanes.state(lane)).toMatchObject({ pace: 5, limit: 10 });
    expect(await claimAll(lanes, 20)).toHaveLength(5);

    await waitFor(async () => (await lanes.state(lane)).pace === 10, { timeoutMs: 15_000, intervalMs: 50 });
  });

  it('lowers its pace by three tenths when the cloud names no numbers, and never to nothing', async () => {
    const lanes = await restedLane();

    await lanes.slow(lane, { countedCalls: null, enforcedLimit: null });
    expect((await lanes.state(lane)).pace).toBe(6);
    await lanes.slow(lane, { countedCalls: 400, enforcedLimit: 10 });
    expect((await lanes.state(lane)).pace).toBe(1);
  });

  describe('slowed to six by calls that are not its own', () => {
    let lanes: Lanes;
    const paceAfter = async (ms: number): Promise<number> => {
      await ageLane(redis, lane, ms);
      return (await lanes.state(lane)).pace;
    };
    const slow = async (countedCalls: number): Promise<number> => {
      await lanes.slow(lane, { countedCalls, enforcedLimit: 10 });
      return (await lanes.state(lane)).pace;
    };
    beforeEach(async () => {
      lanes = await restedLane();
      await slow(14);
    });

    it('leaves them room for an uneven step most of the time, and is back within 30 s of their leaving', async () => {
      expect(await paceAfter(20_800)).toBe(5);
      expect(await paceAfter(300)).toBe(6);
      expect(await paceAfter(5700)).toBe(6);
      expect(await paceAfter(300)).toBe(7);
      for (const pace of [8, 9, 10]) expect(await paceAfter(800)).toBe(pace);
    });

    it('falls back to the same pace when it probes in vain', async () => {
      await paceAfter(21_100);
      expect(await paceAfter(6000)).toBe(7);

      expect(await slow(11)).toBe(5);
      expect(await paceAfter(21_100)).toBe(6);
    });

    it('takes a lone refusal at a pace that was safe for an uneven step, and two too many for more calls of theirs', async () => {
      expect(await paceAfter(21_100)).toBe(6);
      expect(await slow(11)).toBe(5);

      expect(await paceAfter(21_100)).toBe(6);
      expect(await slow(12)).toBe(3);
    });
  });

  it('uses all of a lower limit that the cloud enforces', async () => {
    const lanes = await restedLane();

    await lanes.slow(lane, { countedCalls: 7, enforcedLimit: 6 });
    expect((await lanes.state(lane)).pace).toBe(6);
    await ageLane(redis, lane, 21_100);
    expect((await lanes.state(lane)).pace).toBe(6);
  });

  it('takes promises back that a lower pace cannot keep, and keeps their places', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    for (let n = 0; n < 12; n++) await lanes.enter(lane, `w${n}`, n);
    for (const lease of leases) await lanes.rest(lease);

    await lanes.slow(lane, { countedCalls: 15, enforcedLimit: 10 });

    expect(await lanes.state(lane)).toMatchObject({ pace: 4, resting: 4, waiting: 8 });
    expect(await lanes.placeOf(lane, 'w4')).toMatchObject({ kind: 'waiting', before: 4 });
  });

  it('gives up the tokens that would come free soonest, for their calls are what the cloud still counts', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    for (let n = 0; n < 12; n++) await lanes.enter(lane, `w${n}`, n);
    for (const lease of leases) await lanes.rest(lease);
    const usableAt = async (): Promise<readonly string[]> => {
      const promises = await redis.zrangebyscore(`lane:{${laneName(lane)}}:promised`, '-inf', '+inf', 'WITHSCORES');
      return promises.filter((_, at) => at % 2 === 1);
    };
    const before = await usableAt();
    woken = [];

    await lanes.slow(lane, { countedCalls: 13, enforcedLimit: 10 });

    expect(await usableAt()).toEqual(before.slice(4));
    expect(woken.map(({ waiter }) => waiter)).toEqual(['w0', 'w1', 'w2', 'w3', 'w4', 'w5']);
    expect(await lanes.placeOf(lane, 'w6')).toMatchObject({ kind: 'waiting', before: 6 });
  });

  it('keeps its pace and its waiters over a restart of the server', async () => {
    const lanes = await restedLane();
    await lanes.slow(lane, { countedCalls: 16, enforcedLimit: 10 });
    await lanes.enter(lane, 'promised', 0);
    await redis.hset(`lane:{${lane.host}|1000|1001|CreateImage}:state`, 'run', 'another');

    expect((await lanes.state(lane)).pace).toBe(3);
    expect(await lanes.placeOf(lane, 'promised')).toMatchObject({ kind: 'promised' });
  });

  it('keeps its waiters when its state alone is lost', async () => {
    const lanes = await restedLane();
    await lanes.enter(lane, 'promised', 0);
    await redis.del(`lane:{${laneName(lane)}}:state`);

    expect(await lanes.placeOf(lane, 'promised')).toMatchObject({ kind: 'promised' });
    expect(await lanes.claim(lane, 'promised', 0)).toMatchObject({ kind: 'early' });
  });

  it('lets the soonest go first of those that rest, and passes the others on', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    for (const lease of leases) await lanes.rest(lease);
    await lanes.enter(lane, 'only', 0);
    await lanes.slow(lane, { countedCalls: 13, enforcedLimit: 10 });

    expect(await lanes.state(lane)).toMatchObject({ pace: 6, resting: 6, waiting: 0, inUse: 0 });
    expect(await lanes.placeOf(lane, 'only')).toMatchObject({ kind: 'promised' });
  });

  it('stands still for no more than some seconds when the clock was set back, and lets nobody call too soon', async () => {
    const lanes = await restedLane();
    const leases = await claimAll(lanes, 10);
    for (const lease of leases.slice(0, 8)) await lanes.rest(lease);
    await lanes.enter(lane, 'waiter', 0);
    await ageLane(redis, lane, -3_600_000);
    expect((await lanes.state(lane)).nextFreeInMs).toBeGreaterThan(3_000_000);
    const early = await lanes.claim(lane, 'waiter', 0);
    // Nobody is told to come back in an hour: the job would, and no wake would reach it before.
    expect(early.kind === 'early' && early.inMs).toBeLessThan(1500);

    await lanesOf().sweep();

    expect(await lanes.claim(lane, 'waiter', 0)).toMatchObject({ kind: 'early' });
    expect(await claimAll(lanes, 10)).toEqual([]);
    await ageLane(redis, lane, 1300);
    expect(await lanes.claim(lane, 'waiter', 0)).toMatchObject({ kind: 'leased' });
    expect(await claimAll(lanes, 10)).toHaveLength(7);
    // The two calls without an answer: theirs are the last tokens, once no call can be under way.
    await ageLane(redis, lane, 7000);
    expect(await claimAll(lanes, 20)).toHaveLength(10);
  });

  it('says which waiters it does not know', async () => {
    const lanes = await restedLane();
    await claimAll(lanes, 9);
    await lanes.enter(lane, 'promised', 0);
    await lanes.enter(lane, 'waiting', 1);

    expect(await lanes.missing(lane, ['waiting', 'stranger', 'first-0', 'promised'])).toEqual(['stranger']);
    expect(await lanes.missing(lane, [])).toEqual([]);
  });
});
