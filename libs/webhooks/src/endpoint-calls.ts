import type { Clock } from '#libs/clock';
import type { WebhookEndpointId } from '#libs/ids';
import type { Postgres, Tx } from '#libs/postgres';
import type { Queues } from '#libs/queues';

const ONCE_WITHIN_MS = 10_000;

/** Calls workers to endpoints that have work. A call that Redis loses is made up for by the sweep, soon after. */
export class EndpointCalls {
  constructor(
    private readonly postgres: Postgres,
    private readonly queues: Queues,
    private readonly clock: Clock,
  ) {}

  callAfterCommit(tx: Tx, endpointIds: readonly WebhookEndpointId[]): void {
    if (endpointIds.length === 0) return;
    // The commit has succeeded by then: a Redis out of reach must not make it look as if it had not.
    this.postgres.onCommit(tx, () => this.call(endpointIds));
  }

  async call(endpointIds: readonly WebhookEndpointId[]): Promise<void> {
    await this.queues.callEndpoints(endpointIds).catch(() => undefined);
  }

  /** For what is asked again and again: within ten seconds one call to each endpoint is kept. */
  async callOnce(endpointIds: readonly WebhookEndpointId[]): Promise<void> {
    const at = new Date(Math.floor(this.clock.now().getTime() / ONCE_WITHIN_MS) * ONCE_WITHIN_MS);
    const calls = endpointIds.map((endpointId) => this.queues.callEndpointAt(endpointId, at, 0));
    await Promise.all(calls).catch(() => undefined);
  }

  /** Safe to repeat: of the calls to one endpoint for one time, one is kept. */
  async callAt(endpointId: WebhookEndpointId, at: Date): Promise<void> {
    const delayMs = Math.max(0, at.getTime() - this.clock.now().getTime());
    await this.queues.callEndpointAt(endpointId, at, delayMs).catch(() => undefined);
  }
}
