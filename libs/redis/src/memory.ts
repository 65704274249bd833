import type { Redis } from 'ioredis';

const MARK = 'service:mark';

/** Notices that Redis has lost what it held, by a mark that only a loss can remove. */
export class RedisMemory {
  constructor(private readonly redis: Redis) {}

  /**
   * True for exactly one caller after each loss: that one has to restore what is needed at once. Whatever it fails to do,
   * the ordinary sweeps find. Throws when Redis is out of reach.
   */
  async wasLost(): Promise<boolean> {
    return (await this.redis.set(MARK, '1', 'NX')) === 'OK';
  }

  /** Makes a turn that was taken last from now on, for work that takes longer than expected. */
  async keepTurn(name: string, forMs: number): Promise<void> {
    await this.redis.set(`turn:${name}`, '1', 'PX', forMs);
  }

  /** True for one caller in every `forMs`, for work that needs doing once however many processes could do it. */
  async takeTurn(name: string, forMs: number): Promise<boolean> {
    return (await this.redis.set(`turn:${name}`, '1', 'PX', forMs, 'NX')) === 'OK';
  }
}
