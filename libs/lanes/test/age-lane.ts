import type { Redis } from 'ioredis';
import { type Lane, laneName } from '#libs/lanes';

const SCRIPT = `
  local byMs = tonumber(ARGV[1])
  for key = 1, 4 do
    local entries = redis.call('ZRANGE', KEYS[key], 0, -1, 'WITHSCORES')
    for at = 1, #entries, 2 do
      -- Below zero stands for those a worker has taken up: no time.
      if tonumber(entries[at + 1]) > 0 then redis.call('ZADD', KEYS[key], string.format('%.3f', entries[at + 1] - byMs), entries[at]) end
    end
  end
  for _, field in ipairs({ 'raise_at', 'held_until', 'slowed_at' }) do
    local value = redis.call('HGET', KEYS[5], field)
    if value then redis.call('HSET', KEYS[5], field, string.format('%.3f', value - byMs)) end
  end
`;

/** Lets time pass for a lane without waiting for it: every time that the lane has written down becomes so much older. */
export async function ageLane(redis: Redis, lane: Lane, byMs: number): Promise<void> {
  const tag = `lane:{${laneName(lane)}}`;
  const keys = ['leases', 'resting', 'promised', 'unqueued', 'state'].map((part) => `${tag}:${part}`);
  await redis.eval(SCRIPT, keys.length, ...keys, byMs);
}
