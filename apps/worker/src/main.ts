import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { describeSettings, loadSettings, WorkerSettings, widenThreadPool } from '#libs/config';
import { createLog, nestLogger } from '#libs/logging';
import { SchemaBehind, SystemPostgres } from '#libs/postgres';
import { connectRedis } from '#libs/redis';
import { WorkerModule } from './worker.module.js';

/** Calls in flight have this long to end after SIGTERM; what is left then is taken over by another worker. */
const SHUTDOWN_MS = 25_000;

widenThreadPool();
const settings = loadSettings(WorkerSettings);
const log = createLog('worker', settings.logLevel);
const postgres = new SystemPostgres(settings.databaseUrl, { applicationName: 'cvm-image-service worker' });
const redis = {
  commands: connectRedis(settings.redisUrl, 'commands'),
  blocking: connectRedis(settings.redisUrl, 'blocking'),
  subscriber: connectRedis(settings.redisUrl, 'blocking'),
};

try {
  await postgres.assertSchemaCurrent();
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  process.stderr.write(error instanceof SchemaBehind ? `${reason}\n` : `The database can't be used: ${reason}\n`);
  process.exit(1);
}

const module = WorkerModule.with({ settings, log, postgres, redis });
const app = await NestFactory.createApplicationContext(module, { logger: nestLogger(log) });
log.info({ event: 'worker.started', settings: describeSettings(settings) });

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));

async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  const began = performance.now();
  const overdue = setTimeout(() => {
    log.warn({ event: 'worker.stopped', signal, outcome: 'overdue', duration_ms: SHUTDOWN_MS });
    process.exit(0);
  }, SHUTDOWN_MS);
  try {
    await app.close();
    for (const connection of Object.values(redis)) connection.disconnect();
    await postgres.close();
    log.info({
      event: 'worker.stopped',
      signal,
      outcome: 'drained',
      duration_ms: Math.round(performance.now() - began),
    });
  } catch (error) {
    log.error({ event: 'worker.stopped', signal, outcome: 'failed', error });
    process.exitCode = 1;
  } finally {
    clearTimeout(overdue);
    process.exit();
  }
}
