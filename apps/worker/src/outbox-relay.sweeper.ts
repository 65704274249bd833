import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EventRelay } from '#libs/events';
import { Log } from '#libs/logging';
import { Hints } from '#libs/redis';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 1000;

/** Relays events as soon as a hint tells of one, and looks every second for those whose hint was lost. */
@Injectable()
export class OutboxRelaySweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly relay: EventRelay,
    private readonly hints: Hints,
    log: Log,
  ) {
    const sweep = (stopping: AbortSignal): Promise<void> => this.sweep(stopping);
    this.timed = new TimedSweep(log, { name: 'outbox-relay', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.unsubscribe = this.hints.on('events-appended', () => this.timed.nudge());
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    await this.timed.stop();
  }

  /** Relays until nothing is left, another worker is at it, or this one is to stop: each batch is whole by itself. */
  private async sweep(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await this.relay.relayOnce()) > 0);
  }
}
