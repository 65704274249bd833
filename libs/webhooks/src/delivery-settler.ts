import { assertNever } from '#libs/errors';
import type { SystemPostgres, SystemTx } from '#libs/postgres';
import type { DeliveryQueue } from './delivery-queue.js';
import type { Verdict } from './delivery-verdict.js';
import type { EndpointDisabler } from './endpoint-disabler.js';
import type { AttemptOutcome, DeliveryAttempt, DeliveryFailure } from './webhook-delivery.js';
import type { DeliveryLease, Settlement, WebhookDeliveryStore } from './webhook-delivery.store.js';
import type { WebhookEndpoint } from './webhook-endpoint.js';

/** Writes down what became of a leased delivery, and lets those go that waited for it. */
export class DeliverySettler {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly deliveries: WebhookDeliveryStore,
    private readonly disabler: EndpointDisabler,
    private readonly queue: DeliveryQueue,
  ) {}

  /** The attempt, its outcome and what follows from it commit together. */
  async settle(
    lease: DeliveryLease,
    endpoint: WebhookEndpoint,
    attempt: DeliveryAttempt,
    verdict: Verdict,
    at: Date,
  ): Promise<AttemptOutcome> {
    return this.postgres.transaction(async (tx) => {
      // Ahead of the delivery's own row: whoever disables an endpoint locks the endpoint first.
      if (isGone(verdict)) await this.disabler.disable(tx, endpoint, 'gone', at);
      if (!(await this.deliveries.settle(tx, lease, settlementOf(verdict)))) return { kind: 'not_due' };
      await this.deliveries.addAttempt(tx, lease.delivery.id, attempt);
      await this.releaseNext(tx, lease, at);
      return verdict;
    });
  }

  /** Gives up without an attempt. */
  async abandon(lease: DeliveryLease, reason: DeliveryFailure, at: Date): Promise<AttemptOutcome> {
    return this.postgres.transaction(async (tx) => {
      if (!(await this.deliveries.settle(tx, lease, { status: 'failed', reason }))) return { kind: 'not_due' };
      await this.releaseNext(tx, lease, at);
      return { kind: 'failed', reason };
    });
  }

  /** The next of its subject, and whoever has waited for a place at the endpoint. What is not to be yet stays where it is. */
  private async releaseNext(tx: SystemTx, { delivery }: DeliveryLease, at: Date): Promise<void> {
    const next = await this.deliveries.findNextOfSubject(tx, delivery);
    const waiting = await this.deliveries.listClaimableOf(tx, delivery.endpointId, at);
    const ids = new Set(next === undefined ? waiting : [next, ...waiting]);
    ids.delete(delivery.id);
    this.queue.enqueueAfterCommit(tx, [...ids]);
  }
}

function isGone(verdict: Verdict): boolean {
  return verdict.kind === 'failed' && verdict.reason === 'endpoint_gone';
}

function settlementOf(verdict: Verdict): Settlement {
  switch (verdict.kind) {
    case 'delivered':
      return { status: 'delivered' };
    case 'retry':
      return { status: 'pending', nextAttemptAt: verdict.at };
    case 'failed':
      return { status: 'failed', reason: verdict.reason };
    default:
      return assertNever(verdict);
  }
}
