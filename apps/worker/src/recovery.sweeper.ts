import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Recovered, Recovery } from '#libs/image-requests';
import { Log } from '#libs/logging';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 5000;
/** Nothing is called until a loss is noticed, and a second more. */
const LOSS_CHECK_INTERVAL_MS = 250;

/** Brings back what PostgreSQL knows and Redis does not: at once when Redis has lost everything, else sweep by sweep. */
@Injectable()
export class RecoverySweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly sweeps: readonly TimedSweep[];

  constructor(recovery: Recovery, log: Log) {
    const sweep = async (): Promise<void> => {
      const recovered = await recovery.sweep();
      if (isAnything(recovered)) log.info({ event: 'recovery.swept', ...recovered });
    };
    const sweepLanes = async (stopping: AbortSignal): Promise<void> => {
      const entered = await recovery.sweepLanes(stopping);
      if (entered > 0) log.info({ event: 'recovery.entered', entered });
    };
    const restore = async (stopping: AbortSignal): Promise<void> => {
      const restored = await recovery.restore(stopping);
      // A Redis that is new to the service has lost nothing.
      if (restored !== null) log[isAnything(restored) ? 'warn' : 'info']({ event: 'redis.restored', ...restored });
    };
    this.sweeps = [
      new TimedSweep(log, { name: 'recovery', intervalMs: INTERVAL_MS, sweep }),
      new TimedSweep(log, { name: 'waiting requests', intervalMs: INTERVAL_MS, sweep: sweepLanes }),
      new TimedSweep(log, { name: 'redis loss', intervalMs: LOSS_CHECK_INTERVAL_MS, sweep: restore }),
    ];
  }

  onApplicationBootstrap(): void {
    for (const each of this.sweeps) each.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.sweeps.map((each) => each.stop()));
  }
}

function isAnything(recovered: Recovered): boolean {
  return Object.values(recovered).some((count) => count > 0);
}
