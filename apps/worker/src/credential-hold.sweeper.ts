import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { AccountId } from '#libs/ids';
import { CredentialHold } from '#libs/image-requests';
import { Log } from '#libs/logging';
import { Hints } from '#libs/redis';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 5000;

/**
 * Takes the requests of an account out of their lanes once its credential is rejected, and lets them go once it is
 * repaired: soon after a hint tells of it, and every few seconds in case the hint was lost.
 */
@Injectable()
export class CredentialHoldSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;
  private readonly judged = new Set<AccountId>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly hold: CredentialHold,
    private readonly hints: Hints,
    log: Log,
  ) {
    this.timed = new TimedSweep(log, {
      name: 'rejected credentials',
      intervalMs: INTERVAL_MS,
      sweep: (stopping) => this.sweep(stopping),
    });
  }

  onApplicationBootstrap(): void {
    this.unsubscribe = this.hints.on('credentials-judged', (accountId) => {
      this.judged.add(accountId as AccountId);
      this.timed.nudge();
    });
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    await this.timed.stop();
  }

  private async sweep(stopping: AbortSignal): Promise<void> {
    for (const accountId of this.judged) {
      if (stopping.aborted) return;
      this.judged.delete(accountId);
      await this.hold.holdAll(accountId);
    }
    await this.hold.releaseRepaired();
  }
}
