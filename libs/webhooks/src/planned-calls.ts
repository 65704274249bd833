import type { Clock } from '#libs/clock';
import type { WebhookEndpointId } from '#libs/ids';
import type { Postgres, SystemTx } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import type { EndpointCalls } from './endpoint-calls.js';
import type { WebhookDispatchStore } from './webhook-dispatch.store.js';

/** A circuit that closes sooner may be tried while the deliveries are still being committed, which the trial would miss. */
const OPEN_FOR_MS = 1000;

/**
 * Sees to it that new deliveries are noticed, at the least cost to everyone else. Whoever sends to an endpoint already is
 * told so; one whose circuit is open is called for when that ends, and needs nothing; the others are called for.
 */
export class PlannedCalls {
  constructor(
    private readonly postgres: Postgres,
    private readonly dispatches: WebhookDispatchStore,
    private readonly calls: EndpointCalls,
    private readonly hints: Hints,
    private readonly clock: Clock,
  ) {}

  /** The last that `tx` does: it locks the endpoints' dispatches and must wait for nothing behind that. */
  async callAfterCommit(tx: SystemTx, endpointIds: readonly WebhookEndpointId[]): Promise<void> {
    const openUntil = new Date(this.clock.now().getTime() + OPEN_FOR_MS);
    const { held, open } = await this.dispatches.wakeHolders(tx, endpointIds, openUntil);
    const served = new Set([...held, ...open]);
    this.calls.callAfterCommit(
      tx,
      endpointIds.filter((id) => !served.has(id)),
    );
    if (held.length > 0) this.postgres.onCommit(tx, () => this.hint(held));
  }

  private async hint(endpointIds: readonly WebhookEndpointId[]): Promise<void> {
    await Promise.all(endpointIds.map((id) => this.hints.give('webhook-endpoint-called', id)));
  }
}
