import { Redis } from 'ioredis';
import type { Secret } from '#libs/secret';

/**
 * `commands` fail within a second when Redis is out of reach: whoever asks has a fallback or must fail closed.
 * `blocking` ones wait as long as it takes, as BullMQ's workers and subscribers want.
 */
export type ConnectionUse = 'commands' | 'blocking';

/** So that the lanes are at full pace again within two seconds of Redis' return. */
const RECONNECT_AFTER_MS = 200;

/** Connects in the background and for ever again. */
export function connectRedis(url: Secret, use: ConnectionUse): Redis {
  const redis = new Redis(url.reveal(), {
    retryStrategy: (times) => Math.min(times * 50, RECONNECT_AFTER_MS),
    ...(use === 'blocking'
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 1, commandTimeout: 1000, autoResendUnfulfilledCommands: false }),
  });
  // Reconnecting is ioredis' own affair; without a listener each failed try would be printed.
  redis.on('error', () => undefined);
  return redis;
}
