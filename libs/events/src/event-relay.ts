import type { TenantId } from '#libs/ids';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import type { SequencedEvent, StoredEvent } from './event.js';
import type { EventStore } from './event.store.js';

/**
 * Hears of every event exactly once, in the transaction that gives it its place: what it writes with `tx` commits with
 * the sequence numbers or not at all.
 */
export interface EventSubscriber {
  onSequenced(tx: SystemTx, events: readonly SequencedEvent[]): Promise<void>;
}

const BATCH_EVENTS = 500;

/**
 * Gives events their place. Numbering here, and not where an event is written, keeps the sequence free of gaps (a writer
 * that rolls back has taken no number) without making a tenant's writers wait for one another.
 */
export class EventRelay {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: EventStore,
    private readonly hints: Hints,
    private readonly subscribers: readonly EventSubscriber[],
  ) {}

  /**
   * Handles one batch and gives its size; 0 means that nothing was left or that another relay is at it. Any number may
   * run at once. Call again until it gives 0.
   */
  async relayOnce(): Promise<number> {
    return this.postgres.transaction(async (tx) => {
      if (!(await this.store.tryLockRelay(tx))) return 0;
      const waiting = await this.store.listUnsequenced(tx, BATCH_EVENTS);
      if (waiting.length === 0) return 0;

      const events = numbered(waiting, await this.store.takeSequences(tx, countByTenant(waiting)));
      await this.store.setSequences(tx, events);
      for (const subscriber of this.subscribers) await subscriber.onSequenced(tx, events);
      this.postgres.onCommit(tx, () => this.hintTenants(events));
      return events.length;
    });
  }

  private async hintTenants(events: readonly SequencedEvent[]): Promise<void> {
    const tenants = new Set(events.map(({ tenantId }) => tenantId));
    await Promise.all([...tenants].map((tenantId) => this.hints.give('events-sequenced', tenantId)));
  }
}

function countByTenant(events: readonly StoredEvent[]): Map<TenantId, number> {
  const counts = new Map<TenantId, number>();
  for (const { tenantId } of events) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
  return counts;
}

/** Gives each tenant's events the numbers that end with the tenant's `last` one, in their order. */
function numbered(events: readonly StoredEvent[], last: ReadonlyMap<TenantId, number>): readonly SequencedEvent[] {
  const left = countByTenant(events);
  return events.map((event) => {
    const count = left.get(event.tenantId) ?? 0;
    left.set(event.tenantId, count - 1);
    return { ...event, sequence: (last.get(event.tenantId) ?? 0) - count + 1 };
  });
}
