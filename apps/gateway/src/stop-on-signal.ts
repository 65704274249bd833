import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Log } from '#libs/logging';
import { Draining } from './http/draining.js';

/** Requests that are still open by then are cut off: whoever sent the signal kills the process a few seconds later. */
const GIVE_UP_AFTER_MS = 23_000;

/** On SIGTERM or SIGINT: no new connections, long waits end, open requests are answered, and the process ends with 0. */
export function stopOnSignal(app: NestFastifyApplication, log: Log): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    void drain(app, log, signal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function drain(app: NestFastifyApplication, log: Log, signal: NodeJS.Signals): Promise<void> {
  const began = performance.now();
  const cutOff = setTimeout(() => app.getHttpServer().closeAllConnections(), GIVE_UP_AFTER_MS);
  app.get(Draining).begin();
  try {
    await app.close();
  } catch (error) {
    log.error({ event: 'gateway.stop_failed', signal, error });
  }
  clearTimeout(cutOff);
  log.info({ event: 'gateway.stopped', signal, duration_ms: Math.round(performance.now() - began) });
  process.exit(0);
}
