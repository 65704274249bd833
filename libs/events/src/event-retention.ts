import type { Clock } from '#libs/clock';
import type { EventId, TenantId } from '#libs/ids';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import type { EventStore } from './event.store.js';

/** Whoever keeps something of events, and has to let it go with them. */
export interface EventHolder {
  /**
   * Those of the events that it still needs. It comes to need none of the others before `tx` ends. Waits for nobody: what
   * somebody is just changing counts as needed.
   */
  stillNeeded(tx: SystemTx, ids: readonly EventId[]): Promise<ReadonlySet<EventId>>;
  /** Removes all that it keeps of the events. */
  letGo(tx: SystemTx, ids: readonly EventId[]): Promise<void>;
}

export interface RetentionOptions {
  readonly keptDays: number;
  readonly batchEvents?: number;
}

const DAY_MS = 86_400_000;
const BATCH_EVENTS = 1000;
const TENANTS_PER_PAGE = 100;

/**
 * Removes events that were kept long enough, always from the front of a tenant's sequence: what is left has no gap, and one
 * event that is still needed keeps those behind it. The newest event of a tenant stays whatever its age, so that a reader
 * who has seen everything can always go on behind it.
 */
export class EventRetention {
  private readonly keptMs: number;
  private readonly batchEvents: number;

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: EventStore,
    private readonly holders: readonly EventHolder[],
    private readonly clock: Clock,
    { keptDays, batchEvents = BATCH_EVENTS }: RetentionOptions,
  ) {
    this.keptMs = keptDays * DAY_MS;
    this.batchEvents = batchEvents;
  }

  /**
   * Goes through all tenants once, and gives how many events are gone. Any number may run at once. Throws the first fault at
   * a tenant when it has been to all of them.
   */
  async sweep(stopping: AbortSignal): Promise<number> {
    const before = new Date(this.clock.now().getTime() - this.keptMs);
    const faults: unknown[] = [];
    let removed = 0;
    let after: TenantId | null = null;
    for (;;) {
      const page: readonly TenantId[] = await this.postgres.transaction((tx) =>
        this.store.listTenantsWithOld(tx, before, { after, limit: TENANTS_PER_PAGE }),
      );
      for (const tenantId of page)
        removed += await this.removeAll(tenantId, before, stopping).catch((fault: unknown) => {
          faults.push(fault);
          return 0;
        });
      after = page.at(-1) ?? null;
      if (page.length < TENANTS_PER_PAGE || stopping.aborted) break;
    }
    if (faults.length > 0) throw new AggregateError(faults, `events of ${faults.length} tenants were not removed`);
    return removed;
  }

  private async removeAll(tenantId: TenantId, before: Date, stopping: AbortSignal): Promise<number> {
    let removed = 0;
    while (!stopping.aborted) {
      const count = await this.postgres.transaction((tx) => this.removeBatch(tx, tenantId, before));
      removed += count;
      if (count < this.batchEvents) break;
    }
    return removed;
  }

  private async removeBatch(tx: SystemTx, tenantId: TenantId, before: Date): Promise<number> {
    if (!(await this.store.tryLockRetention(tx, tenantId))) return 0;
    const front = await this.store.listOldest(tx, tenantId, this.batchEvents);
    const firstYoung = front.findIndex(({ createdAt }) => createdAt >= before);
    const old = front.slice(0, firstYoung < 0 ? front.length : firstYoung).map(({ id }) => id);
    const idle = await this.store.lockIdle(tx, old);
    const needed = await Promise.all(this.holders.map((holder) => holder.stillNeeded(tx, old)));
    const firstKept = old.findIndex((id) => !idle.has(id) || needed.some((ids) => ids.has(id)));
    const gone = firstKept < 0 ? old : old.slice(0, firstKept);
    if (gone.length === 0) return 0;

    for (const holder of this.holders) await holder.letGo(tx, gone);
    await this.store.remove(tx, gone);
    return gone.length;
  }
}
