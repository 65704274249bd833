import type { Redis } from 'ioredis';
import type { Postgres } from '#libs/postgres';

export type CheckState = 'ok' | 'failing';
export type Checks = Readonly<Record<'postgres' | 'redis' | 'schema', CheckState>>;

const GIVE_UP_AFTER_MS = 3000;

/** Asks every part that requests need, at once; one that does not answer within three seconds is failing. */
export class Readiness {
  constructor(
    private readonly postgres: Postgres,
    private readonly redis: Redis,
  ) {}

  async check(): Promise<Checks> {
    const [postgres, redis, schema] = await Promise.all([
      stateOf(this.postgres.ping()),
      stateOf(this.redis.ping()),
      stateOf(this.postgres.assertSchemaCurrent()),
    ]);
    return { postgres, redis, schema };
  }
}

async function stateOf(answer: Promise<unknown>): Promise<CheckState> {
  const { promise: late, resolve } = Promise.withResolvers<CheckState>();
  const timer = setTimeout(() => resolve('failing'), GIVE_UP_AFTER_MS);
  const state = answer.then(
    (): CheckState => 'ok',
    (): CheckState => 'failing',
  );
  return Promise.race([state, late]).finally(() => clearTimeout(timer));
}
