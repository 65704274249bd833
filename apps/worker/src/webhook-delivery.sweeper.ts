import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#libs/logging';
import { DueDeliveries } from '#libs/webhooks';
import { TimedSweep } from './timed-sweep.js';

const INTERVAL_MS = 2000;

/** Puts due deliveries back into the queue when Redis has forgotten them. */
@Injectable()
export class WebhookDeliverySweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly timed: TimedSweep;

  constructor(dueDeliveries: DueDeliveries, log: Log) {
    this.timed = new TimedSweep(log, {
      name: 'webhook-delivery',
      intervalMs: INTERVAL_MS,
      sweep: () => dueDeliveries.enqueue(),
    });
  }

  onApplicationBootstrap(): void {
    this.timed.nudge();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.timed.stop();
  }
}
