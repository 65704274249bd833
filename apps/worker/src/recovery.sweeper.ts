import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Recovery } from '#libs/image-requests';
import { Log } from '#libs/logging';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 5000;

/** Brings back what PostgreSQL knows and Redis does not. */
@Injectable()
export class RecoverySweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(recovery: Recovery, log: Log) {
    const sweep = async (): Promise<void> => {
      const recovered = await recovery.sweep();
      if (Object.values(recovered).some((count) => count > 0)) log.info({ event: 'recovery.swept', ...recovered });
    };
    this.timed = new TimedSweep(log, { name: 'recovery', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
