import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Script } from '#libs/redis';
import { type Lane, laneName, laneOfName } from './lane.js';

/** The right to one call. It ends when it is rested, or by itself after the lease time. */
export interface Lease {
  readonly lane: Lane;
  readonly id: string;
}

/** A waiter that has been promised a token, and when it may use it. Somebody has to wake it. */
export interface Wake {
  readonly waiter: string;
  readonly inMs: number;
}

export type Entry = { readonly kind: 'promised'; readonly inMs: number } | { readonly kind: 'waiting' };

export type Claim =
  | { readonly kind: 'leased'; readonly lease: Lease }
  | { readonly kind: 'early'; readonly inMs: number }
  | { readonly kind: 'waiting' };

export interface LaneOptions {
  /** Calls a second for each action. */
  readonly limits: Readonly<Record<Lane['action'], number>>;
  /** How long a call can take at most; a dead holder's lease ends a second after that. */
  readonly callTimeoutMs: number;
  /** Called for every waiter that was promised a token, by whichever of our scripts noticed. */
  readonly wake: (wake: Wake) => void;
}

/** The cloud counts in windows of one second, so a token rests for one second. */
const REST_MS = 1000;
/** After lost state a call may still be on its way that was leased just before: the rest covers its sending too. */
const REST_AFTER_LOST_STATE_MS = 1500;
/** How long a promised token waits for its waiter before the waiter is woken again. */
const PROMISE_GRACE_MS = 2000;
const FORGET_LANE_AFTER_MS = 3_600_000;
const ACTIVE_LANES = 'lanes:active';

const SCRIPTS = {
  enter: script('enter-lane.5.lua'),
  claim: script('claim-token.5.lua'),
  rest: script('rest-token.5.lua'),
  withdraw: script('withdraw-waiter.5.lua'),
  take: script('take-token.5.lua'),
  sweep: script('sweep-lane.5.lua'),
} as const;

/**
 * Leased tokens in Redis: in any window of one second the cloud sees at most the limit's number of calls of a lane. A
 * token's rest begins when its call has certainly arrived, that is with the answer. Every method throws when Redis is
 * out of reach: without Redis there are no calls.
 */
export class Lanes {
  private readonly opened = new Set<string>();

  constructor(
    private readonly redis: Redis,
    private readonly options: LaneOptions,
  ) {}

  /** Brings a waiter into its lane; a waiter that is in it already keeps its place. */
  async enter(lane: Lane, waiter: string, rank: number): Promise<Entry> {
    await this.redis.zadd(ACTIVE_LANES, Date.now(), laneName(lane));
    const { code, ms } = await this.run('enter', lane, [waiter, rank], waiter);
    return code === 1 ? { kind: 'promised', inMs: ms } : { kind: 'waiting' };
  }

  /**
   * Starts the rest that precedes the first grant of a lane whose state is not known, so that it is over by the time a
   * token is wanted. Costs one command for each lane and process.
   */
  async open(lane: Lane): Promise<void> {
    if (this.opened.has(laneName(lane))) return;
    await this.run('sweep', lane, []);
    this.opened.add(laneName(lane));
  }

  /** A lease for the waiter's call, or how long its promised token still rests, or a place among the waiting. */
  async claim(lane: Lane, waiter: string, rank: number): Promise<Claim> {
    const id = randomUUID();
    const { code, ms } = await this.run('claim', lane, [waiter, rank, id, this.leaseMs], waiter);
    if (code === 1) return { kind: 'leased', lease: { lane, id } };
    return code === 2 ? { kind: 'early', inMs: ms } : { kind: 'waiting' };
  }

  /** Ends a lease whose call has been answered, or has run out of time: the token rests for a second. */
  async rest(lease: Lease): Promise<void> {
    await this.run('rest', lease.lane, [lease.id, REST_MS]);
  }

  /** Ends a lease that was not used: nothing was sent, so the token need not rest. */
  async handBack(lease: Lease): Promise<void> {
    await this.run('rest', lease.lane, [lease.id, 0]);
  }

  /** Takes a waiter out; a token promised to it goes on to the next. */
  async withdraw(lane: Lane, waiter: string): Promise<void> {
    await this.run('withdraw', lane, [waiter], waiter);
  }

  /** Waits in place for a token, for calls that nothing else waits for. Gives up, with an error, when `signal` fires. */
  async take(lane: Lane, signal?: AbortSignal): Promise<Lease> {
    const id = randomUUID();
    for (;;) {
      signal?.throwIfAborted();
      const { code, ms } = await this.run('take', lane, [id, this.leaseMs]);
      if (code === 1) return { lane, id };
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  /** Wakes whom a crash left waiting, in every lane that was used of late. Safe to race. */
  async sweep(): Promise<void> {
    const longAgo = Date.now() - FORGET_LANE_AFTER_MS;
    const lanes = await this.redis.zrangebyscore(ACTIVE_LANES, '-inf', '+inf', 'WITHSCORES');
    for (let at = 0; at < lanes.length; at += 2) {
      const name = String(lanes[at]);
      const { code } = await this.run('sweep', laneOfName(name), []);
      if (code === 0 && Number(lanes[at + 1]) < longAgo) await this.redis.zrem(ACTIVE_LANES, name);
    }
  }

  /** How many waiters stand before this one; null when it is not waiting in the lane. */
  async waitersBefore(lane: Lane, waiter: string): Promise<number | null> {
    return this.redis.zrank(keysOf(lane)[3], waiter);
  }

  private get leaseMs(): number {
    return this.options.callTimeoutMs + REST_MS;
  }

  /** `self` is the waiter that asks: it learns of its promise from the reply and need not be woken for one that is due. */
  private async run(
    name: keyof typeof SCRIPTS,
    lane: Lane,
    args: readonly (string | number)[],
    self?: string,
  ): Promise<{ code: number; ms: number }> {
    const shared = [this.options.limits[lane.action], REST_AFTER_LOST_STATE_MS, PROMISE_GRACE_MS];
    const reply = (await SCRIPTS[name].run(this.redis, keysOf(lane), [...shared, ...args])) as (string | number)[];
    const [code, ms, ...toWake] = reply;
    for (let at = 0; at < toWake.length; at += 2) {
      const wake = { waiter: String(toWake[at]), inMs: Number(toWake[at + 1]) };
      if (!(name === 'claim' && wake.waiter === self)) this.options.wake(wake);
    }
    return { code: Number(code), ms: Number(ms) };
  }
}

function keysOf(lane: Lane): [string, string, string, string, string] {
  const tag = `lane:{${laneName(lane)}}`;
  return [`${tag}:leases`, `${tag}:resting`, `${tag}:promised`, `${tag}:waiting`, `${tag}:state`];
}

function script(file: string): Script {
  return new Script(new URL(`lua/${file}`, import.meta.url));
}
