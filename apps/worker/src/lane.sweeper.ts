import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Lanes } from '#libs/lanes';
import { Log } from '#libs/logging';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 500;

/** Wakes the waiters that a crash left in their lanes; with a promise's grace, within two and a half seconds. */
@Injectable()
export class LaneSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(lanes: Lanes, log: Log) {
    this.timed = new TimedSweep(log, { name: 'lanes', intervalMs: INTERVAL_MS, sweep: () => lanes.sweep() });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
