import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ActiveLanes } from './active-lanes.js';
import { keyOf, LEASE_FRESH_MS, LaneScripts, type LaneOptions, limitOf, REST_MS } from './lane-scripts.js';
import { type Lane, laneName } from './lane.js';

export type { LaneOptions, Wake } from './lane-scripts.js';

/** The right to one call. It ends when it is rested, or by itself after the lease time. */
export interface Lease {
  readonly lane: Lane;
  readonly id: string;
  /** On the process's own monotonic clock, from before it was asked for. */
  readonly askedAtMs: number;
}

export type Entry = { readonly kind: 'promised'; readonly inMs: number } | { readonly kind: 'waiting' };

export type Claim =
  | { readonly kind: 'leased'; readonly lease: Lease }
  | { readonly kind: 'early'; readonly inMs: number }
  | { readonly kind: 'waiting' };

/** What the cloud said when it refused a call as one too many, as far as it said anything. */
export interface Excess {
  readonly countedCalls: number | null;
  readonly enforcedLimit: number | null;
}

/** A lane as it is now. Tokens that are neither in use nor resting are free. */
export interface LaneState {
  readonly lane: Lane;
  readonly limit: number;
  /** Tokens in use by calls or about to be. */
  readonly inUse: number;
  readonly resting: number;
  readonly waiting: number;
  /** Calls a second at present: the limit, or less after refusals. */
  readonly pace: number;
  /** Null when only an answer will free a token. */
  readonly nextFreeInMs: number | null;
}

/** Where a waiter stands: with a promised token or without one, and how many are to call before it. */
export type Place =
  | { readonly kind: 'promised'; readonly before: number; readonly inMs: number }
  | { readonly kind: 'waiting'; readonly before: number; readonly startsInMs: number };

/** With four steps up after its end, a lane is back at its limit within 30 s of a stranger's leaving. */
const PROBE_HOLD_MS = 27_000;
/** Sent together, so that a sweep of many lanes waits for few round trips. */
const SWEPT_AT_ONCE = 100;
/** A clock that is set back costs a lane some seconds; looking for it costs commands. */
const HEED_CLOCK_EVERY = 10;
/** Between a lease's waiter and what makes it one of a kind: a waiter that comes again has another lease. */
const LEASED_TO = '/';

/**
 * Leased tokens in Redis: in any window of one second the cloud sees at most the limit's number of calls of a lane. A
 * token's rest begins when its call has certainly arrived. Every method throws when Redis is out of reach: without Redis
 * there are no calls.
 */
export class Lanes {
  private readonly scripts: LaneScripts;
  private readonly inUse: ActiveLanes;
  private sweeps = 0;

  constructor(
    private readonly redis: Redis,
    private readonly options: LaneOptions,
  ) {
    this.scripts = new LaneScripts(redis, options);
    this.inUse = new ActiveLanes(redis);
  }

  /** Brings a waiter into its lane; a waiter that is in it already keeps its place. */
  async enter(lane: Lane, waiter: string, rank: number): Promise<Entry> {
    await this.inUse.note(lane);
    const [code, ms] = await this.scripts.run('enter', lane, [waiter, rank]);
    return code === 1 ? { kind: 'promised', inMs: ms } : { kind: 'waiting' };
  }

  /**
   * Starts the rest that precedes the first grant of a lane whose state is not known, so that it is over by the time a
   * token is wanted. Costs a command now and then.
   */
  async open(lane: Lane): Promise<void> {
    if (await this.inUse.noteNowAndThen(lane)) await this.scripts.run('sweep', lane, []);
  }

  /**
   * To be said by whoever begins with a waiter's work, as soon as its lane is known. Where this process is behind, the
   * waiter's place in the queue goes to the next of its lane; else it costs nothing.
   */
  async takeUp(lane: Lane, waiter: string): Promise<void> {
    if (this.options.isBehind?.() === true) await this.scripts.run('takeUp', lane, [waiter], waiter);
  }

  /** A lease for the waiter's call, or how long its promised token still rests, or a place among the waiting. */
  async claim(lane: Lane, waiter: string, rank: number): Promise<Claim> {
    const id = `${waiter}${LEASED_TO}${randomUUID()}`;
    const askedAtMs = performance.now();
    const [code, ms] = await this.scripts.run('claim', lane, [waiter, rank, id, this.leaseMs], waiter);
    if (code === 1) return { kind: 'leased', lease: { lane, id, askedAtMs } };
    return code === 2 ? { kind: 'early', inMs: ms } : { kind: 'waiting' };
  }

  /** The lease as if it had been given just now, for a holder that took long to get ready; null when it is gone. */
  async renew(lease: Lease): Promise<Lease | null> {
    const askedAtMs = performance.now();
    const [code] = await this.scripts.run('renew', lease.lane, [lease.id, this.leaseMs]);
    return code === 1 ? { ...lease, askedAtMs } : null;
  }

  /** Ends a lease whose call has certainly arrived, or has run out of time: the token rests for a second. */
  async rest(lease: Lease): Promise<void> {
    await this.scripts.run('rest', lease.lane, [lease.id, REST_MS]);
  }

  /** Ends a lease that was not used: nothing was sent, so the token need not rest. */
  async handBack(lease: Lease): Promise<void> {
    await this.scripts.run('rest', lease.lane, [lease.id, 0]);
  }

  /**
   * Which of the waiters are neither waiting in the lane nor promised a token nor about to call; three commands, however
   * many are asked for. One that moves back from promised to waiting just then may be named too: it keeps its place when
   * it enters again.
   */
  async missing<Waiter extends string>(lane: Lane, waiters: readonly Waiter[]): Promise<readonly Waiter[]> {
    if (waiters.length === 0) return [];
    // In the order in which waiters move on.
    const [waiting, promised, leases] = await Promise.all([
      this.redis.zmscore(keyOf(lane, 'waiting'), ...waiters),
      this.redis.zmscore(keyOf(lane, 'promised'), ...waiters),
      this.redis.zrange(keyOf(lane, 'leases'), '0', '-1'),
    ]);
    const calling = new Set(leases.map((lease) => lease.split(LEASED_TO)[0]));
    const isIn = (scores: readonly unknown[], at: number): boolean => typeof scores[at] === 'string';
    return waiters.filter((waiter, at) => !isIn(waiting, at) && !isIn(promised, at) && !calling.has(waiter));
  }

  /** Wakes a waiter once more if it has been promised a token, unless it is held back: then it is called up later. */
  async recall(lane: Lane, waiter: string): Promise<void> {
    const [promised, unqueued] = await Promise.all(
      (['promised', 'unqueued'] as const).map((part) => this.redis.zscore(keyOf(lane, part), waiter)),
    );
    if (typeof promised !== 'string' || isHeldBack(unqueued)) return;
    const place = await this.placeOf(lane, waiter);
    if (place?.kind === 'promised') this.options.wake({ kind: 'promised', waiter, inMs: place.inMs });
  }

  /** Takes a waiter out; a token promised to it goes on to the next. */
  async withdraw(lane: Lane, waiter: string): Promise<void> {
    await this.scripts.run('withdraw', lane, [waiter]);
  }

  /**
   * Takes out many at once, in two commands and one for each that was promised a token: whoever shares the lane with
   * them loses no time. One that moves back from promised to waiting just then may stay; its turn finds it out.
   */
  async withdrawAll(lane: Lane, waiters: readonly string[]): Promise<void> {
    if (waiters.length === 0) return;
    await this.redis.zrem(keyOf(lane, 'waiting'), ...waiters);
    const promised = await this.redis.zmscore(keyOf(lane, 'promised'), ...waiters);
    const called = waiters.filter((_waiter, at) => typeof promised[at] === 'string');
    await Promise.all(called.map((waiter) => this.withdraw(lane, waiter)));
  }

  /** Waits in place for a token, for calls that nothing else waits for; null when none came free in time. */
  async take(lane: Lane, withinMs: number): Promise<Lease | null> {
    await this.inUse.noteNowAndThen(lane);
    const id = randomUUID();
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const askedAtMs = performance.now();
      const [code, ms] = await this.scripts.run('take', lane, [id, this.leaseMs]);
      if (code === 1) return { lane, id, askedAtMs };
      if (performance.now() + ms > giveUpAtMs) return null;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  /** Lowers the pace of a lane that the cloud found too fast; it probes back up by itself. */
  async slow(lane: Lane, { countedCalls, enforcedLimit }: Excess): Promise<void> {
    await this.scripts.run('slow', lane, [countedCalls ?? 0, enforcedLimit ?? 0, this.probeHoldMs]);
  }

  /** The lanes in use of late that `belongs` picks, whichever process uses them. */
  async active(belongs: (lane: Lane) => boolean): Promise<readonly Lane[]> {
    return (await this.inUse.list()).filter(belongs);
  }

  /**
   * Wakes whom a crash left waiting, in every lane that was used of late, and now and then lets no lane stand still for
   * a clock that was set back. Safe to race.
   */
  async sweep(): Promise<void> {
    const lanes = await this.inUse.list();
    const unused = await this.inUse.listUnused();
    const heedsClock = this.sweeps++ % HEED_CLOCK_EVERY === 0;
    const sweepOne = async (lane: Lane): Promise<void> => {
      const [code] = await this.scripts.run('sweep', lane, heedsClock ? [this.leaseMs, this.probeHoldMs] : []);
      if (code === 0 && unused.has(laneName(lane))) await this.inUse.forget(lane);
    };
    for (let from = 0; from < lanes.length; from += SWEPT_AT_ONCE)
      await Promise.all(lanes.slice(from, from + SWEPT_AT_ONCE).map(sweepOne));
  }

  async state(lane: Lane): Promise<LaneState> {
    const { leased, resting, promised, waiting, pace, nextFreeInMs } = await this.scripts.read(lane, '');
    return {
      lane,
      limit: limitOf(this.options, lane.action),
      inUse: leased,
      // A promised token rests like any other; it is only known for whom.
      resting: resting + promised,
      waiting,
      pace,
      nextFreeInMs: nextFreeInMs < 0 ? null : nextFreeInMs,
    };
  }

  /** Null when the waiter is not in the lane. */
  async placeOf(lane: Lane, waiter: string): Promise<Place | null> {
    const { pace, before, promisedInMs } = await this.scripts.read(lane, waiter);
    if (before < 0) return null;
    if (promisedInMs >= 0) return { kind: 'promised', before, inMs: promisedInMs };
    return { kind: 'waiting', before, startsInMs: Math.ceil(((before + 1) / pace) * 1000) };
  }

  private get probeHoldMs(): number {
    return this.options.probeHoldMs ?? PROBE_HOLD_MS;
  }

  private get leaseMs(): number {
    return this.options.callTimeoutMs + REST_MS;
  }
}

/** Whether a call may be sent under the lease now. One that is not fresh any more must be renewed first. */
export function isFresh(lease: Lease): boolean {
  return performance.now() - lease.askedAtMs <= LEASE_FRESH_MS;
}

/** From its score in `unqueued`: a time, but for those that a worker has taken up (TAKEN_UP in lane.lua). */
function isHeldBack(score: unknown): boolean {
  return typeof score === 'string' && Number(score) >= 0;
}
