import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Lanes } from '#libs/lanes';
import { Log } from '#libs/logging';
import { RedisMemory } from '#libs/redis';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 500;
/** A little less than the interval, or a worker would come just before its own last turn is over. */
const TURN_MS = 450;

/**
 * Wakes the waiters that a crash left in their lanes; with a promise's grace, the first time within two and a half seconds
 * where workers keep up. One worker does it for all in each turn: the more workers, the less each has to sweep.
 */
@Injectable()
export class LaneSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(lanes: Lanes, memory: RedisMemory, log: Log) {
    const sweep = async (): Promise<void> => {
      if (await memory.takeTurn('sweep-lanes', TURN_MS)) await lanes.sweep();
    };
    this.timed = new TimedSweep(log, { name: 'lanes', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
