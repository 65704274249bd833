import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Script } from '#libs/redis';
import { type Lane, laneName, laneOfName } from './lane.js';

/** The right to one call. It ends when it is rested, or by itself after the lease time. */
export interface Lease {
  readonly lane: Lane;
  readonly id: string;
  /** On the process's own monotonic clock, from before it was asked for. */
  readonly askedAtMs: number;
}

/** Whom somebody has to wake: a waiter that was promised a token, or one whose turn is next and who may prepare. */
export type Wake =
  | { readonly kind: 'promised'; readonly waiter: string; readonly inMs: number }
  | { readonly kind: 'on_deck'; readonly waiter: string };

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

/** Where a waiter stands: with a promised token, or behind so many others. */
export type Place =
  | { readonly kind: 'promised'; readonly inMs: number }
  | { readonly kind: 'waiting'; readonly before: number; readonly startsInMs: number };

export interface LaneOptions {
  /** Calls a second for each action. */
  readonly limits: Readonly<Record<Lane['action'], number>>;
  /** How long a call can take at most; a dead holder's lease ends a second after that. */
  readonly callTimeoutMs: number;
  /** Upper bound of a call's way to the cloud. */
  readonly transitMs: number;
  /** Called for every waiter that one of our scripts promised a token or found next in turn. */
  readonly wake: (wake: Wake) => void;
  /** Whether this process is behind with the work of its waiters; one that does none of it can't tell. */
  readonly isBehind?: () => boolean;
  /** After a refusal the pace stays down for so long; the default keeps failed probes below one call in a hundred. */
  readonly probeHoldMs?: number;
}

/** The cloud counts in windows of one second, so a token rests for one second. */
const REST_MS = 1000;
/** A call is sent within this time of its lease being asked for or renewed: what follows lost state counts on it. */
const LEASE_FRESH_MS = 150;
/** How long a promised token waits for its waiter before the waiter is woken again. */
const PROMISE_GRACE_MS = 1500;
/** Where workers are behind, a job stands in the queue for a while, and waking its waiter again would be work for nothing. */
const PROMISE_GRACE_WHEN_BEHIND_MS = 6000;
/** Enough to keep the queue from running empty when few lanes are in use. */
const CALLED_UP_WHEN_BEHIND = 2;
/** With five steps up at the end, a lane is back at its limit within 30 s of a stranger's leaving. */
const PROBE_HOLD_MS = 24_000;
/** Sent together, so that a sweep of many lanes waits for few round trips. */
const SWEPT_AT_ONCE = 100;
const FORGET_LANE_AFTER_MS = 3_600_000;
const REGISTER_EVERY_MS = 10_000;
const ACTIVE_LANES = 'lanes:active';
/** Between a lease's waiter and what makes it one of a kind: a waiter that comes again has another lease. */
const LEASED_TO = '/';

const SCRIPTS = {
  enter: script('enter-lane.6.lua'),
  takeUp: script('take-up-waiter.6.lua'),
  claim: script('claim-token.6.lua'),
  renew: script('renew-lease.6.lua'),
  rest: script('rest-token.6.lua'),
  withdraw: script('withdraw-waiter.6.lua'),
  take: script('take-token.6.lua'),
  slow: script('slow-lane.6.lua'),
  read: script('read-lane.6.lua'),
  sweep: script('sweep-lane.6.lua'),
} as const;

/** What lane.lua calls KEYS[1] to KEYS[6]. */
const KEY_PARTS = ['leases', 'resting', 'promised', 'waiting', 'state', 'held'] as const;

/** How many numbers each script's reply begins with, before those to wake. */
const NUMBERS_OF_READ = 8;

/**
 * Leased tokens in Redis: in any window of one second the cloud sees at most the limit's number of calls of a lane. A
 * token's rest begins when its call has certainly arrived. Every method throws when Redis is out of reach: without Redis
 * there are no calls.
 */
export class Lanes {
  /** When this process last entered a lane into the list of those in use, on its monotonic clock. */
  private readonly registeredAtMs = new Map<string, number>();

  constructor(
    private readonly redis: Redis,
    private readonly options: LaneOptions,
  ) {}

  /** Brings a waiter into its lane; a waiter that is in it already keeps its place. */
  async enter(lane: Lane, waiter: string, rank: number): Promise<Entry> {
    await this.redis.zadd(ACTIVE_LANES, Date.now(), laneName(lane));
    const [code, ms] = await this.run('enter', lane, [waiter, rank]);
    return code === 1 ? { kind: 'promised', inMs: ms } : { kind: 'waiting' };
  }

  /**
   * Starts the rest that precedes the first grant of a lane whose state is not known, so that it is over by the time a
   * token is wanted. Costs a command now and then.
   */
  async open(lane: Lane): Promise<void> {
    if (await this.register(lane)) await this.run('sweep', lane, []);
  }

  /**
   * To be said by whoever begins with a waiter's work, as soon as its lane is known. Where this process is behind, the
   * waiter's place in the queue goes to the next of its lane; else it costs nothing.
   */
  async takeUp(lane: Lane, waiter: string): Promise<void> {
    if (this.options.isBehind?.() === true) await this.run('takeUp', lane, [waiter], waiter);
  }

  /** A lease for the waiter's call, or how long its promised token still rests, or a place among the waiting. */
  async claim(lane: Lane, waiter: string, rank: number): Promise<Claim> {
    const id = `${waiter}${LEASED_TO}${randomUUID()}`;
    const askedAtMs = performance.now();
    const [code, ms] = await this.run('claim', lane, [waiter, rank, id, this.leaseMs], waiter);
    if (code === 1) return { kind: 'leased', lease: { lane, id, askedAtMs } };
    return code === 2 ? { kind: 'early', inMs: ms } : { kind: 'waiting' };
  }

  /** The lease as if it had been given just now, for a holder that took long to get ready; null when it is gone. */
  async renew(lease: Lease): Promise<Lease | null> {
    const askedAtMs = performance.now();
    const [code] = await this.run('renew', lease.lane, [lease.id, this.leaseMs]);
    return code === 1 ? { ...lease, askedAtMs } : null;
  }

  /** Ends a lease whose call has certainly arrived, or has run out of time: the token rests for a second. */
  async rest(lease: Lease): Promise<void> {
    await this.run('rest', lease.lane, [lease.id, REST_MS]);
  }

  /** Ends a lease that was not used: nothing was sent, so the token need not rest. */
  async handBack(lease: Lease): Promise<void> {
    await this.run('rest', lease.lane, [lease.id, 0]);
  }

  /**
   * Which of the waiters are neither waiting in the lane nor promised a token nor about to call; three commands, however
   * many are asked for.
   */
  async missing(lane: Lane, waiters: readonly string[]): Promise<readonly string[]> {
    if (waiters.length === 0) return [];
    // In the order in which waiters move on, so that none slips through between two looks.
    const [waiting, promised, leases] = await Promise.all([
      this.redis.zmscore(keyOf(lane, 'waiting'), ...waiters),
      this.redis.zmscore(keyOf(lane, 'promised'), ...waiters),
      this.redis.zrange(keyOf(lane, 'leases'), '0', '-1'),
    ]);
    const calling = new Set(leases.map((lease) => lease.split(LEASED_TO)[0]));
    const isIn = (scores: readonly unknown[], at: number): boolean => typeof scores[at] === 'string';
    return waiters.filter((waiter, at) => !isIn(waiting, at) && !isIn(promised, at) && !calling.has(waiter));
  }

  /** Wakes a waiter once more if it has been promised a token, unless it is held: whoever is held is called up later. */
  async recall(lane: Lane, waiter: string): Promise<void> {
    const [promised, held] = await Promise.all(
      (['promised', 'held'] as const).map((part) => this.redis.zscore(keyOf(lane, part), waiter)),
    );
    if (typeof promised !== 'string' || Number(held ?? -1) >= 0) return;
    const place = await this.placeOf(lane, waiter);
    if (place?.kind === 'promised') this.options.wake({ kind: 'promised', waiter, inMs: place.inMs });
  }

  /** Takes a waiter out; a token promised to it goes on to the next. */
  async withdraw(lane: Lane, waiter: string): Promise<void> {
    await this.run('withdraw', lane, [waiter]);
  }

  /** Waits in place for a token, for calls that nothing else waits for; null when none came free in time. */
  async take(lane: Lane, withinMs: number): Promise<Lease | null> {
    await this.register(lane);
    const id = randomUUID();
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const askedAtMs = performance.now();
      const [code, ms] = await this.run('take', lane, [id, this.leaseMs]);
      if (code === 1) return { lane, id, askedAtMs };
      if (performance.now() + ms > giveUpAtMs) return null;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  /** Lowers the pace of a lane that the cloud found too fast; it probes back up by itself. */
  async slow(lane: Lane, { countedCalls, enforcedLimit }: Excess): Promise<void> {
    const holdMs = this.options.probeHoldMs ?? PROBE_HOLD_MS;
    await this.run('slow', lane, [countedCalls ?? 0, enforcedLimit ?? 0, holdMs]);
  }

  /** The lanes in use of late that `belongs` picks, whichever process uses them. */
  async active(belongs: (lane: Lane) => boolean): Promise<readonly Lane[]> {
    const names = await this.redis.zrangebyscore(ACTIVE_LANES, '-inf', '+inf');
    return names.flatMap((name) => laneOfName(name) ?? []).filter(belongs);
  }

  /** Wakes whom a crash left waiting, in every lane that was used of late. Safe to race. */
  async sweep(): Promise<void> {
    const longAgo = Date.now() - FORGET_LANE_AFTER_MS;
    const names = await this.redis.zrangebyscore(ACTIVE_LANES, '-inf', '+inf');
    const unused = new Set(await this.redis.zrangebyscore(ACTIVE_LANES, '-inf', longAgo));
    const sweepOne = async (name: string): Promise<void> => {
      const lane = laneOfName(name);
      if (lane === null) return;
      const [code] = await this.run('sweep', lane, []);
      if (code === 0 && unused.has(name)) await this.redis.zrem(ACTIVE_LANES, name);
    };
    for (let from = 0; from < names.length; from += SWEPT_AT_ONCE)
      await Promise.all(names.slice(from, from + SWEPT_AT_ONCE).map(sweepOne));
  }

  async state(lane: Lane): Promise<LaneState> {
    const [leased, resting, promised, waiting, pace, nextFreeInMs] = await this.read(lane, '');
    return {
      lane,
      limit: this.options.limits[lane.action],
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
    const [, , promised, , pace, , before, promisedInMs] = await this.read(lane, waiter);
    if (promisedInMs >= 0) return { kind: 'promised', inMs: promisedInMs };
    if (before < 0) return null;
    return { kind: 'waiting', before, startsInMs: Math.ceil(((before + 1 + promised) / pace) * 1000) };
  }

  /** Keeps the lane among those in use. True when it had to be said again. */
  private async register(lane: Lane): Promise<boolean> {
    const name = laneName(lane);
    const sinceMs = performance.now() - (this.registeredAtMs.get(name) ?? -Infinity);
    if (sinceMs < REGISTER_EVERY_MS) return false;
    await this.redis.zadd(ACTIVE_LANES, Date.now(), name);
    this.registeredAtMs.set(name, performance.now());
    return true;
  }

  private get leaseMs(): number {
    return this.options.callTimeoutMs + REST_MS;
  }

  private async read(lane: Lane, waiter: string) {
    const reply = await this.reply('read', lane, [waiter]);
    this.wakeAll(reply.slice(NUMBERS_OF_READ));
    return reply.slice(0, NUMBERS_OF_READ).map(Number) as [
      leased: number,
      resting: number,
      promised: number,
      waiting: number,
      pace: number,
      nextFreeInMs: number,
      before: number,
      promisedInMs: number,
    ];
  }

  /** `self` is the waiter that asks: it learns of its promise from the reply and need not be woken for it. */
  private async run(
    name: Exclude<keyof typeof SCRIPTS, 'read'>,
    lane: Lane,
    args: readonly (string | number)[],
    self?: string,
  ): Promise<[code: number, ms: number]> {
    const [code, ms, ...toWake] = await this.reply(name, lane, args);
    this.wakeAll(toWake, self);
    return [Number(code), Number(ms)];
  }

  private async reply(
    name: keyof typeof SCRIPTS,
    lane: Lane,
    args: readonly (string | number)[],
  ): Promise<readonly (string | number)[]> {
    // After lost state a call may still be on its way that was leased just before: its sending and transit come on top.
    const restAfterLossMs = REST_MS + LEASE_FRESH_MS + this.options.transitMs;
    const limit = this.options.limits[lane.action];
    const isBehind = this.options.isBehind?.();
    const graceMs = isBehind === true ? PROMISE_GRACE_WHEN_BEHIND_MS : PROMISE_GRACE_MS;
    const shared = [limit, restAfterLossMs, graceMs, calledUpMax(isBehind, limit)];
    const keys = KEY_PARTS.map((part) => keyOf(lane, part));
    return (await SCRIPTS[name].run(this.redis, keys, [...shared, ...args])) as (string | number)[];
  }

  private wakeAll(pairs: readonly (string | number)[], self?: string): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const [waiter, inMs] = [String(pairs[at]), Number(pairs[at + 1])];
      if (inMs < 0) this.options.wake({ kind: 'on_deck', waiter });
      else if (waiter !== self) this.options.wake({ kind: 'promised', waiter, inMs });
    }
  }
}

/** How many waiters of a lane may be called up at a time; 0 where that can't be told. */
function calledUpMax(isBehind: boolean | undefined, limit: number): number {
  if (isBehind === undefined) return 0;
  return isBehind ? CALLED_UP_WHEN_BEHIND : limit;
}

/** Whether a call may be sent under the lease now. One that is not fresh any more must be renewed first. */
export function isFresh(lease: Lease): boolean {
  return performance.now() - lease.askedAtMs <= LEASE_FRESH_MS;
}

/** One hash tag for each lane: all of its keys are in one slot of a cluster. */
function keyOf(lane: Lane, part: (typeof KEY_PARTS)[number]): string {
  return `lane:{${laneName(lane)}}:${part}`;
}

function script(file: string): Script {
  return new Script(new URL(`lua/${file}`, import.meta.url));
}
