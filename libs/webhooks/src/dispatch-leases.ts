import { randomUUID } from 'node:crypto';
import type { WebhookEndpointId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { DispatchState, WebhookDispatchStore } from './webhook-dispatch.store.js';

/** A worker that died holds its endpoints up for this long. */
const LEASE_MS = 10_000;
const RENEW_EVERY_MS = 3000;

/**
 * The endpoints that this process, and no other, sends to. Leases live as long as the process does: one statement every
 * three seconds renews those that nobody has locked, one more each of the others, and none runs while it holds none.
 */
export class DispatchLeases {
  /** This process, among all that ever take a lease. */
  readonly dispatcher = randomUUID();
  private readonly held = new Set<WebhookEndpointId>();
  private timer: NodeJS.Timeout | null = null;
  private isRenewing = false;

  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: WebhookDispatchStore,
    private readonly log: Log,
  ) {}

  /** False when another process has the endpoint; it is told, in the row, that there is work. */
  async take(endpointId: WebhookEndpointId): Promise<boolean> {
    if (!(await this.store.take(this.postgres.db, endpointId, this.dispatcher, LEASE_MS))) return false;
    this.held.add(endpointId);
    this.timer ??= setInterval(() => void this.renew(), RENEW_EVERY_MS);
    return true;
  }

  /** Undefined once another process has taken the endpoint over, which it does only from one that seemed dead. */
  async look(endpointId: WebhookEndpointId): Promise<DispatchState | undefined> {
    return this.store.look(this.postgres.db, endpointId, this.dispatcher);
  }

  /** False, and the lease is kept, when somebody has come with work since `seenWakes`. */
  async release(endpointId: WebhookEndpointId, seenWakes: number): Promise<boolean> {
    if (!(await this.store.release(this.postgres.db, endpointId, this.dispatcher, seenWakes))) return false;
    this.forget(endpointId);
    return true;
  }

  /** Gives the lease back, whatever waits. */
  async letGo(endpointId: WebhookEndpointId): Promise<void> {
    this.forget(endpointId);
    await this.store.letGo(this.postgres.db, endpointId, this.dispatcher);
  }

  private forget(endpointId: WebhookEndpointId): void {
    this.held.delete(endpointId);
    if (this.held.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  /** Never twice at once: one that waits for a locked row must not be joined by another every few seconds. */
  private async renew(): Promise<void> {
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      // No others: one that could not be given back must run out, or nobody would ever send there again.
      const endpointIds = [...this.held];
      const { store, dispatcher } = this;
      const { db } = this.postgres;
      const renewed = await store.renewFree(db, { endpointIds, dispatcher, leaseMs: LEASE_MS });
      for (const id of endpointIds.filter((one) => !renewed.has(one) && this.held.has(one)))
        await store.renew(db, id, dispatcher, LEASE_MS);
    } catch (error) {
      // The next try comes in time, or else the leases run out: then what they are for is done by others.
      this.log.warn({ event: 'webhook.leases_not_renewed', error });
    } finally {
      this.isRenewing = false;
    }
  }
}
