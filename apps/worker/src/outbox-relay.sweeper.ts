import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { EventRelay } from '#libs/events';
import { Log } from '#libs/logging';
import { Hints } from '#libs/redis';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 1000;
/** Every worker hears every hint; whose turn comes first by chance relays, and the others hear of it and stay out. */
const TURN_WITHIN_MS = 60;

/** Relays events soon after a hint tells of one, and looks every second for those whose hint was lost. */
@Injectable()
export class OutboxRelaySweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;
  private readonly unsubscribes: (() => void)[] = [];
  private turn: NodeJS.Timeout | undefined;

  constructor(
    private readonly relay: EventRelay,
    private readonly hints: Hints,
    log: Log,
  ) {
    const sweep = (stopping: AbortSignal): Promise<void> => this.sweep(stopping);
    this.timed = new TimedSweep(log, { name: 'outbox-relay', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.unsubscribes.push(
      this.hints.on('events-appended', () => this.takeTurn()),
      // Whoever relayed looks once more afterwards, so it sees what we were to relay; if it is stopped, our next look
      // comes within a second.
      this.hints.on('events-sequenced', () => this.leaveTurn()),
    );
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const unsubscribe of this.unsubscribes) unsubscribe();
    this.leaveTurn();
    await this.timed.stop();
  }

  private takeTurn(): void {
    this.turn ??= setTimeout(() => {
      this.turn = undefined;
      this.timed.nudge();
    }, Math.random() * TURN_WITHIN_MS);
  }

  private leaveTurn(): void {
    clearTimeout(this.turn);
    this.turn = undefined;
  }

  /** Relays until nothing is left, another worker is at it, or this one is to stop: each batch is whole by itself. */
  private async sweep(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted && (await this.relay.relayOnce()) > 0);
  }
}
