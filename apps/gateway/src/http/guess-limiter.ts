import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { addressBlock } from './address-block.js';

const GUESSES_MAX = 20;
const WINDOW_SECONDS = 60;

/**
 * Counts the unknown keys that an address presents, for all gateways together in Redis and for this one alone while Redis
 * is out of reach. A window opens with the first count and closes a minute later; from the twentieth guess in it to its
 * end the address is slowed.
 */
export class GuessLimiter {
  private readonly counter: RateLimiterRedis;

  constructor(redis: Redis) {
    const window = { keyPrefix: 'guesses', points: GUESSES_MAX, duration: WINDOW_SECONDS };
    this.counter = new RateLimiterRedis({
      ...window,
      storeClient: redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(window),
    });
  }

  /**
   * Counts a guess, or nothing where the key was no guess, and tells for how many milliseconds the address is still slowed;
   * null when it is not. One command either way, which the server orders: of guesses that are sent all at once, no more
   * than twenty are judged, and how long it takes does not tell a guess from a key.
   */
  async count(ip: string, guesses: 0 | 1): Promise<number | null> {
    const { consumedPoints, msBeforeNext } = await this.counter.penalty(addressBlock(ip), guesses);
    return consumedPoints - guesses >= GUESSES_MAX ? Math.max(msBeforeNext, 1) : null;
  }
}
