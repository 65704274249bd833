import { availableParallelism, cpus, totalmem } from 'node:os';
import { sql } from 'kysely';
import { SystemPostgres } from '#libs/postgres';
import { Secret } from '#libs/secret';
import { testDatabaseUrl, testRedisUrl } from '#libs/testing';
import { withRedis } from '../../support/redis-books.js';

/** What figures are worth nothing without. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly redis: string;
  readonly postgresql: string;
}

export async function describeMachine(): Promise<Machine> {
  const postgres = new SystemPostgres(new Secret(testDatabaseUrl()), {}, 'login');
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(postgres.db);
  await postgres.close();
  const server = await withRedis(testRedisUrl(), (redis) => redis.info('server'));
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    redis: /^(?:valkey|redis)_version:(.+?)\s*$/m.exec(server)?.[1] ?? 'unknown',
    postgresql: rows[0]?.server_version ?? 'unknown',
  };
}

export function machineInWords({ cpu, cores, memoryGib, node, redis, postgresql }: Machine): string {
  return (
    `${cpu}, ${cores} cores, ${memoryGib} GiB; Node.js ${node}, Redis ${redis}, PostgreSQL ${postgresql}; ` +
    'all processes on this one machine, over loopback'
  );
}
