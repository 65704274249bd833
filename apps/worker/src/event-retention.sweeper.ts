import { performance } from 'node:perf_hooks';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EventRetention } from '#libs/events';
import { Log } from '#libs/logging';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 600_000;

/** Removes events that were kept long enough. What one worker is at, the others leave alone. */
@Injectable()
export class EventRetentionSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(retention: EventRetention, log: Log) {
    const sweep = async (stopping: AbortSignal): Promise<void> => {
      const startedMs = performance.now();
      const eventsRemoved = await retention.sweep(stopping);
      const durationMs = Math.round(performance.now() - startedMs);
      if (eventsRemoved > 0) log.info({ event: 'events.removed', eventsRemoved, duration_ms: durationMs });
    };
    this.timed = new TimedSweep(log, { name: 'event retention', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
