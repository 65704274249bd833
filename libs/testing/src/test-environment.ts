import { randomBytes } from 'node:crypto';

/** A superuser's URL of the run's PostgreSQL. Its own database is for creating others; tests use `createTestDatabase`. */
export function testDatabaseUrl(): string {
  return fromSetup('TEST_DATABASE_URL');
}

export function testRedisUrl(): string {
  return fromSetup('TEST_REDIS_URL');
}

/** Differs on every call, so that files running side by side on one Redis never meet. */
export function testKeyPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

function fromSetup(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set: only *.int-spec.ts and *.e2e-spec.ts files get real servers`);
  return value;
}
