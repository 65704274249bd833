import { type AuditStore, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { CloudClient, CloudTarget } from '#libs/cloud';
import { newId, uuidOf } from '#libs/ids';
import { laneName, type Lanes, type Lease } from '#libs/lanes';
import type { Log } from '#libs/logging';
import { isUniqueViolation, type Postgres, type Tx } from '#libs/postgres';
import type { Attempt } from './attempt.js';
import type { AttemptStore } from './attempt.store.js';
import type { ImageRequest } from './image-request.js';
import { DONE, type NextStep } from './next-step.js';
import type { Settlement } from './settlement.js';
import type { Transitions } from './transitions.js';

export type CallResult =
  | { readonly kind: 'called'; readonly step: NextStep }
  /** Another request of the instance was faster; nothing was sent. */
  | { readonly kind: 'instance_busy' };

/** One call of CreateImage with a leased token: written ahead, sent, and settled. */
export class Calls {
  constructor(
    private readonly postgres: Postgres,
    private readonly attempts: AttemptStore,
    private readonly transitions: Transitions,
    private readonly audit: AuditStore,
    private readonly lanes: Lanes,
    private readonly cloud: CloudClient,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  async make(request: ImageRequest, target: CloudTarget, lease: Lease): Promise<CallResult> {
    let begun: Begun | null;
    try {
      begun = await this.postgres.transaction((tx) => this.begin(tx, request, lease));
    } catch (error) {
      await this.lanes.handBack(lease);
      if (isUniqueViolation(error, 'image_requests_busy_instance_idx')) return { kind: 'instance_busy' };
      throw error;
    }
    if (begun === null) {
      await this.lanes.handBack(lease);
      return { kind: 'called', step: DONE };
    }

    const { submitting, attempt, earlier } = begun;
    const outcome = await this.cloud.createImage(target, request, uuidOf(attempt.id));
    await this.rest(lease);
    const step = await this.settlement.settle(submitting, attempt, earlier, outcome);
    this.log.info({
      event: 'attempt.settled',
      imageRequestId: request.id,
      tenantId: request.tenantId,
      accountId: request.accountId,
      attemptId: attempt.id,
      attempt: attempt.number,
      endpoint: attempt.endpoint,
      region: attempt.region,
      outcome: outcome.kind,
      code: 'code' in outcome ? outcome.code : null,
      cause: 'cause' in outcome ? outcome.cause : null,
      upstreamRequestId: 'requestId' in outcome ? outcome.requestId : null,
      token_wait_ms: attempt.tokenWaitMs,
      duration_ms: outcome.durationMs,
    });
    return { kind: 'called', step };
  }

  /** The write-ahead; null when the request has moved on, by a cancel or another worker. */
  private async begin(tx: Tx, request: ImageRequest, lease: Lease): Promise<Begun | null> {
    const at = this.clock.now();
    const changes = { waitingFor: null, nextAttemptAt: null, attemptsMade: request.attemptsMade + 1 };
    const submitting = await this.transitions.apply(tx, request, 'submitting', changes, at);
    if (submitting === null) return null;

    const earlier = await this.attempts.list(tx, request.tenantId, request.id);
    const waitingSince = request.nextAttemptAt ?? request.updatedAt;
    const attempt: Attempt = {
      id: newId('att'),
      imageRequestId: request.id,
      tenantId: request.tenantId,
      number: submitting.attemptsMade,
      endpoint: lease.lane.host,
      region: request.region,
      lane: laneName(lease.lane),
      startedAt: at,
      tokenWaitMs: Math.max(0, at.getTime() - waitingSince.getTime()),
      finishedAt: null,
      durationMs: null,
      outcome: null,
      code: null,
      cause: null,
      upstreamRequestId: null,
    };
    await this.attempts.open(tx, attempt);
    await this.audit.append(
      tx,
      {
        tenantId: request.tenantId,
        accountId: request.accountId,
        actor: systemActor('worker'),
        action: 'credential.open',
        target: { type: 'account', id: request.accountId },
        outcome: 'success',
        requestId: null,
        upstream: null,
        detail: { for: 'cvm.CreateImage', imageRequestId: request.id, attemptId: attempt.id },
      },
      at,
    );
    return { submitting, attempt, earlier };
  }

  /** The answer must be settled whether Redis can be told or not: a lease that is not rested ends by itself. */
  private async rest(lease: Lease): Promise<void> {
    try {
      await this.lanes.rest(lease);
    } catch (error) {
      this.log.warn({ event: 'lease.not_rested', lane: laneName(lease.lane), error });
    }
  }
}

interface Begun {
  readonly submitting: ImageRequest;
  readonly attempt: Attempt;
  readonly earlier: readonly Attempt[];
}
