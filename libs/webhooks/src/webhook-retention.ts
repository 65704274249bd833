import type { EventHolder } from '#libs/events';
import type { EventId } from '#libs/ids';
import type { SystemTx } from '#libs/postgres';
import type { WebhookRetentionStore } from './webhook-retention.store.js';

/** Keeps an event as long as one of its deliveries is pending, and what became of its deliveries as long as the event. */
export class WebhookRetention implements EventHolder {
  constructor(private readonly store: WebhookRetentionStore) {}

  async stillNeeded(tx: SystemTx, ids: readonly EventId[]): Promise<ReadonlySet<EventId>> {
    return this.store.lockEnded(tx, ids);
  }

  async letGo(tx: SystemTx, ids: readonly EventId[]): Promise<void> {
    await this.store.removeAttempts(tx, ids);
    await this.store.removeDeliveries(tx, ids);
  }
}
