import { type AuditStore, systemActor } from '#libs/audit';
import type { Clock } from '#libs/clock';
import type { CloudClient, CloudTarget, CreateImageOutcome } from '#libs/cloud';
import { newId, uuidOf } from '#libs/ids';
import { type Lane, laneName, type Lanes, type Lease } from '#libs/lanes';
import type { Log } from '#libs/logging';
import { isUniqueViolation, type SystemPostgres, type Tx } from '#libs/postgres';
import type { Attempt } from './attempt.js';
import type { AttemptStore } from './attempt.store.js';
import type { CloudAccess } from './cloud-access.js';
import { nameInDoubt } from './failures.js';
import type { Failure, ImageRequest } from './image-request.js';
import { NAME_IN_CALLS } from './image-request.tables.js';
import type { NextStep } from './next-step.js';
import type { Pacing } from './pacing.js';
import type { Settlement } from './settlement.js';
import type { Transitions } from './transitions.js';

/** How soon a request looks again whose name another call bears. */
const NAME_PAUSE_MS = 2000;

/** A call that has been written down and not been sent yet. */
export interface BegunCall {
  readonly request: ImageRequest;
  readonly attempt: Attempt;
  readonly earlier: readonly Attempt[];
}

export type Beginning =
  | { readonly kind: 'begun'; readonly call: BegunCall }
  /** Another request of the instance was faster. */
  | { readonly kind: 'instance_busy' }
  /** Another request of the same root account, of whatever account of ours, has a call by that name under way or in doubt. */
  | { readonly kind: 'name_busy' }
  /** Canceled, or moved on by another worker. */
  | { readonly kind: 'moved_on' };

/** One call of CreateImage: written ahead, sent with a leased token, and settled. */
export class Calls {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly attempts: AttemptStore,
    private readonly transitions: Transitions,
    private readonly audit: AuditStore,
    private readonly lanes: Lanes,
    private readonly pacing: Pacing,
    private readonly access: CloudAccess,
    private readonly cloud: CloudClient,
    private readonly settlement: Settlement,
    private readonly clock: Clock,
    private readonly log: Log,
    /** Upper bound of the way to the cloud on a connection that stands; 0 lets only the answer prove arrival. */
    private readonly arrivalGuardMs: number,
  ) {}

  /** The write-ahead, for a call that is sent `inMs` from now. Once it is committed, only an outcome ends the attempt. */
  async begin(request: ImageRequest, lane: Lane, inMs: number): Promise<Beginning> {
    try {
      const call = await this.postgres.transaction((tx) => this.write(tx, request, lane, inMs));
      return call === null ? { kind: 'moved_on' } : { kind: 'begun', call };
    } catch (error) {
      if (isUniqueViolation(error, 'image_requests_busy_instance_idx')) return { kind: 'instance_busy' };
      if (isUniqueViolation(error, NAME_IN_CALLS)) return { kind: 'name_busy' };
      throw error;
    }
  }

  async send(call: BegunCall, target: CloudTarget, lease: Lease): Promise<NextStep> {
    const outcome = await this.sendUnder(lease, call, target);
    const isSessionLost =
      outcome.kind === 'refused' && this.access.dropRefused(call.request.accountId, target, outcome);
    const signed = { ...target, isSessionLost };
    const step = await this.settlement.settle(call.request, call.attempt, call.earlier, outcome, signed);
    this.logSettled(call, outcome);
    return step;
  }

  /** Nothing was sent, for whose image it is could not be told from the name: the request comes back in a while. */
  async waitForName(request: ImageRequest): Promise<NextStep> {
    return this.settlement.postpone(request, NAME_PAUSE_MS, nameInDoubt(request.imageName));
  }

  /** Nothing could be signed, and nothing was sent: the request comes back in a while. */
  async postpone(call: BegunCall, failure: Failure): Promise<NextStep> {
    return this.settlement.notSigned(call.request, call.attempt, failure);
  }

  /** Taken back before anything was sent: the request comes again at once. `cause` stands in its record. */
  async retract(call: BegunCall, cause: string): Promise<NextStep> {
    return this.settlement.retract(call.request, call.attempt, cause);
  }

  /** Rests the lease as soon as the call has certainly arrived: with the answer, or after the guard on a warm connection. */
  private async sendUnder(lease: Lease, { request, attempt }: BegunCall, target: CloudTarget) {
    let resting: Promise<void> | null = null;
    let guard: NodeJS.Timeout | undefined;
    const rest = (): Promise<void> => (resting ??= this.end(lease, () => this.lanes.rest(lease)));
    const onSentWarm = (): void => {
      if (this.arrivalGuardMs > 0) guard = setTimeout(() => void rest(), this.arrivalGuardMs);
    };

    const outcome = await this.cloud.createImage(target, request, uuidOf(attempt.id), { onSentWarm });
    clearTimeout(guard);
    if (outcome.kind === 'not_sent') await this.end(lease, () => this.lanes.handBack(lease));
    else await rest();
    if (outcome.kind === 'refused') await this.pacing.heed(lease.lane, outcome);
    return outcome;
  }

  /** The outcome must be settled whether Redis can be told or not: a lease that is not ended ends by itself. */
  private async end(lease: Lease, how: () => Promise<void>): Promise<void> {
    try {
      await how();
    } catch (error) {
      this.log.warn({ event: 'lease.not_ended', lane: laneName(lease.lane), error });
    }
  }

  private async write(tx: Tx, request: ImageRequest, lane: Lane, inMs: number): Promise<BegunCall | null> {
    const at = this.clock.now();
    const changes = { waitingFor: null, nextAttemptAt: null, error: null, attemptsMade: request.attemptsMade + 1 };
    const submitting = await this.transitions.apply(tx, request, 'submitting', changes, at);
    if (submitting === null) return null;

    const earlier = await this.attempts.list(tx, request.tenantId, request.id);
    const waitingSince = request.nextAttemptAt ?? request.updatedAt;
    const attempt: Attempt = {
      id: newId('att'),
      imageRequestId: request.id,
      tenantId: request.tenantId,
      number: (earlier.at(-1)?.number ?? 0) + 1,
      endpoint: lane.host,
      region: request.region,
      lane: laneName(lane),
      startedAt: at,
      tokenWaitMs: Math.max(0, Math.round(at.getTime() + inMs - waitingSince.getTime())),
      finishedAt: null,
      durationMs: null,
      outcome: null,
      code: null,
      cause: null,
      upstreamRequestId: null,
      imageId: null,
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
    return { request: submitting, attempt, earlier };
  }

  private logSettled({ request, attempt }: BegunCall, outcome: CreateImageOutcome): void {
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
  }
}
