import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#libs/logging';
import { ForgottenEndpoints } from '#libs/webhooks';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 2000;

/** Calls workers to endpoints that Redis has forgotten. */
@Injectable()
export class ForgottenEndpointSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(forgotten: ForgottenEndpoints, log: Log) {
    this.timed = new TimedSweep(log, {
      name: 'forgotten-endpoints',
      intervalMs: INTERVAL_MS,
      sweep: () => forgotten.callWorkers(),
    });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
