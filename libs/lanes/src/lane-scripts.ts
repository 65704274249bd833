import type { Redis } from 'ioredis';
import { Script } from '#libs/redis';
import { type Lane, laneName } from './lane.js';

/** Whom somebody has to wake: a waiter that was promised a token, or one whose turn is next and who may prepare. */
export type Wake =
  | { readonly kind: 'promised'; readonly waiter: string; readonly inMs: number }
  | { readonly kind: 'on_deck'; readonly waiter: string };

export interface LaneOptions {
  /** Calls a second for each action whose limit an operator may know better; see `limitOf`. */
  readonly limits: Readonly<Record<'CreateImage' | 'DescribeImages', number>>;
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
export const REST_MS = 1000;
/** A call is sent within this time of its lease being asked for or renewed: what follows lost state counts on it. */
export const LEASE_FRESH_MS = 150;
/** How long a promised token waits for its waiter before the waiter is woken again. */
const PROMISE_GRACE_MS = 1500;
/** Where workers are behind, a job stands in the queue for a while, and waking its waiter again would be work for nothing. */
const PROMISE_GRACE_WHEN_BEHIND_MS = 6000;
/** Enough to keep the queue from running empty when few lanes are in use. */
const CALLED_UP_WHEN_BEHIND = 2;

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
const KEY_PARTS = ['leases', 'resting', 'promised', 'waiting', 'state', 'unqueued'] as const;

/** How many numbers each script's reply begins with, before those to wake. */
const NUMBERS_OF_READ = 8;

/** A lane as `read-lane` tells it, and where one waiter stands in it. */
export interface LaneReading {
  readonly leased: number;
  readonly resting: number;
  readonly promised: number;
  readonly waiting: number;
  readonly pace: number;
  /** -1 when only an answer will free a token. */
  readonly nextFreeInMs: number;
  /** How many are to call before the waiter; -1 when it is not in the lane. */
  readonly before: number;
  /** -1 when the waiter has been promised nothing. */
  readonly promisedInMs: number;
}

/** Runs the scripts of a lane, each with what all of them are given, and wakes whomever a reply names. */
export class LaneScripts {
  constructor(
    private readonly redis: Redis,
    private readonly options: LaneOptions,
  ) {}

  /** `self` is the waiter that asks: it learns of its promise from the reply and need not be woken for it. */
  async run(
    name: Exclude<keyof typeof SCRIPTS, 'read'>,
    lane: Lane,
    args: readonly (string | number)[],
    self?: string,
  ): Promise<[code: number, ms: number]> {
    const [code, ms, ...toWake] = await this.reply(name, lane, args);
    this.wakeAll(toWake, self);
    return [Number(code), Number(ms)];
  }

  async read(lane: Lane, waiter: string): Promise<LaneReading> {
    const reply = await this.reply('read', lane, [waiter]);
    this.wakeAll(reply.slice(NUMBERS_OF_READ));
    const [
      leased = 0,
      resting = 0,
      promised = 0,
      waiting = 0,
      pace = 0,
      nextFreeInMs = -1,
      before = -1,
      promisedInMs = -1,
    ] = reply.slice(0, NUMBERS_OF_READ).map(Number);
    return { leased, resting, promised, waiting, pace, nextFreeInMs, before, promisedInMs };
  }

  private async reply(
    name: keyof typeof SCRIPTS,
    lane: Lane,
    args: readonly (string | number)[],
  ): Promise<readonly (string | number)[]> {
    // After lost state a call may still be on its way that was leased just before: its sending and transit come on top.
    const restAfterLossMs = REST_MS + LEASE_FRESH_MS + this.options.transitMs;
    const limit = limitOf(this.options, lane.action);
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

/** One hash tag for each lane: all of its keys are in one slot of a cluster. */
export function keyOf(lane: Lane, part: (typeof KEY_PARTS)[number]): string {
  return `lane:{${laneName(lane)}}:${part}`;
}

/** The cloud's own limit of AssumeRole, which nobody has had lowered or raised. */
const ASSUME_ROLE_LIMIT = 600;

/** Calls a second. */
export function limitOf({ limits }: Pick<LaneOptions, 'limits'>, action: Lane['action']): number {
  return action === 'AssumeRole' ? ASSUME_ROLE_LIMIT : limits[action];
}

/** How many waiters of a lane may be called up at a time; 0 where that can't be told. */
function calledUpMax(isBehind: boolean | undefined, limit: number): number {
  if (isBehind === undefined) return 0;
  return isBehind ? CALLED_UP_WHEN_BEHIND : limit;
}

function script(file: string): Script {
  return new Script(new URL(`lua/${file}`, import.meta.url));
}
