import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DailyVerification } from '#libs/accounts';
import { Log } from '#libs/logging';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 15_000;

/** Verifies the credentials whose turn has come, a few at a time. */
@Injectable()
export class VerificationSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(verification: DailyVerification, log: Log) {
    const sweep = async (stopping: AbortSignal): Promise<void> => {
      const counts = await verification.sweep(stopping);
      if (Object.values(counts).some((count) => count > 0)) log.info({ event: 'credentials.verified', ...counts });
    };
    this.timed = new TimedSweep(log, { name: 'credential verification', intervalMs: INTERVAL_MS, sweep });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
