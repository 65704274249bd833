import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#libs/logging';
import { SpentSecrets } from '#libs/webhooks';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 60_000;

/** Destroys webhook secrets and signing keys within a minute after the end of their overlap, whatever else happens. */
@Injectable()
export class SpentSecretSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(spent: SpentSecrets, log: Log) {
    this.timed = new TimedSweep(log, { name: 'spent secrets', intervalMs: INTERVAL_MS, sweep: () => spent.destroy() });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
