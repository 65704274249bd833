import type { Clock } from '#libs/clock';
import type { SystemPostgres } from '#libs/postgres';
import type { EndpointCalls } from './endpoint-calls.js';
import type { WebhookDispatchStore } from './webhook-dispatch.store.js';

const ENDPOINTS_MAX = 500;

/**
 * Finds the endpoints that Redis forgot: those whose call was lost between commit and queue, those of a worker that died,
 * and all of them after a loss of Redis.
 */
export class ForgottenEndpoints {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly dispatches: WebhookDispatchStore,
    private readonly calls: EndpointCalls,
    private readonly clock: Clock,
  ) {}

  /** Calls workers to a bounded number, those that have waited longest, and gives it. */
  async callWorkers(): Promise<number> {
    const endpointIds = await this.dispatches.listForgotten(this.postgres.db, this.clock.now(), ENDPOINTS_MAX);
    if (endpointIds.length > 0) await this.calls.callOnce(endpointIds);
    return endpointIds.length;
  }
}
