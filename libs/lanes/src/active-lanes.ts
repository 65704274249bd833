import type { Redis } from 'ioredis';
import { type Lane, laneName, laneOfName } from './lane.js';

const KEY = 'lanes:active';
const UNUSED_AFTER_MS = 3_600_000;
const NOTE_EVERY_MS = 10_000;

/** The list of the lanes in use, whichever process uses them: who sweeps or slows down has to know of all. */
export class ActiveLanes {
  /** When this process last noted a lane, on its monotonic clock. */
  private readonly notedAtMs = new Map<string, number>();

  constructor(private readonly redis: Redis) {}

  async note(lane: Lane): Promise<void> {
    const name = laneName(lane);
    await this.redis.zadd(KEY, Date.now(), name);
    this.notedAtMs.set(name, performance.now());
  }

  /** For those who come often: a command now and then. True when the lane was noted. */
  async noteNowAndThen(lane: Lane): Promise<boolean> {
    const sinceMs = performance.now() - (this.notedAtMs.get(laneName(lane)) ?? -Infinity);
    if (sinceMs < NOTE_EVERY_MS) return false;
    await this.note(lane);
    return true;
  }

  async list(): Promise<readonly Lane[]> {
    const names = await this.redis.zrangebyscore(KEY, '-inf', '+inf');
    return names.flatMap((name) => laneOfName(name) ?? []);
  }

  /** The names of those that nobody has used for an hour. */
  async listUnused(): Promise<ReadonlySet<string>> {
    return new Set(await this.redis.zrangebyscore(KEY, '-inf', Date.now() - UNUSED_AFTER_MS));
  }

  async forget(lane: Lane): Promise<void> {
    await this.redis.zrem(KEY, laneName(lane));
  }
}
