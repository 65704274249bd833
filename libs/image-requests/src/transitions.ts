import { type Actor, type AuditAction, type AuditStore, systemActor, type UpstreamCall } from '#libs/audit';
import type { Outbox } from '#libs/events';
import type { Postgres, Tx } from '#libs/postgres';
import type { Hints } from '#libs/redis';
import type { AttemptOutcome } from './attempt.js';
import type { ImageRequest } from './image-request.js';
import { type ImageRequestStatus, isEnded } from './image-request-status.js';
import { imageRequestEvent, type ImageRequestEventType } from './image-request.events.js';
import type { ImageRequestChanges, ImageRequestWorkStore } from './image-request-work.store.js';
import type { InstanceStore } from './instance.store.js';
import type { LaneEntrance } from './lane-entrance.js';

/** Who moved the request, and what else belongs into the audit entry. */
export interface TransitionContext {
  readonly actor: Actor;
  /** The HTTP request that led to it, where there was one. */
  readonly requestId: string | null;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** What it is called where the new status alone does not say: a caller's retry is not a requeue of ours. */
  readonly named?: { readonly action: AuditAction; readonly event: ImageRequestEventType };
}

export const BY_THE_WORKER: TransitionContext = { actor: systemActor('worker'), requestId: null };

const EVENT_OF: Partial<Record<ImageRequestStatus, ImageRequestEventType>> = {
  creating: 'image_request.submitted',
  succeeded: 'image_request.succeeded',
  failed: 'image_request.failed',
  canceled: 'image_request.canceled',
};

const AUDIT_OF: Record<ImageRequestStatus, AuditAction> = {
  queued: 'image_request.requeue',
  submitting: 'image_request.submit',
  creating: 'image_request.accept',
  succeeded: 'image_request.succeed',
  failed: 'image_request.fail',
  canceled: 'image_request.cancel',
};

/** Every change of status goes through here: the row, its event and its audit entry commit together or not at all. */
export class Transitions {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestWorkStore,
    private readonly instances: InstanceStore,
    private readonly outbox: Outbox,
    private readonly audit: AuditStore,
    private readonly hints: Hints,
    private readonly entrance: LaneEntrance,
  ) {}

  /** The request as it is now, or null when it had moved on before: then nothing was written. */
  async apply(
    tx: Tx,
    from: ImageRequest,
    to: ImageRequestStatus,
    changes: ImageRequestChanges,
    at: Date,
    context: TransitionContext = BY_THE_WORKER,
  ): Promise<ImageRequest | null> {
    const completion = isEnded(to) ? { completedAt: at, waitingFor: null, nextAttemptAt: null } : {};
    const request = await this.store.transition(tx, from, to, { ...completion, ...changes }, at);
    if (request === null) return null;
    const { action, event } = context.named ?? { action: AUDIT_OF[to], event: EVENT_OF[to] ?? null };
    await this.record(tx, request, action, event, at, context);
    if (isEnded(to)) await this.releaseInstance(tx, request, at);
    return request;
  }

  /** The event and the audit entry of a change that has been written in the same transaction. */
  async record(
    tx: Tx,
    request: ImageRequest,
    action: AuditAction,
    event: ImageRequestEventType | null,
    at: Date,
    context: TransitionContext,
  ): Promise<void> {
    if (event !== null) await this.outbox.append(tx, imageRequestEvent(event, request), at);
    const failed = request.status === 'failed';
    await this.audit.append(
      tx,
      {
        tenantId: request.tenantId,
        accountId: request.accountId,
        actor: context.actor,
        action,
        target: { type: 'image_request', id: request.id },
        outcome: failed ? 'failure' : 'success',
        requestId: context.requestId,
        upstream: null,
        detail: {
          status: request.status,
          region: request.region,
          imageName: request.imageName,
          imageId: request.imageId,
          ...(request.error !== null && { code: request.error.code }),
          ...context.detail,
        },
      },
      at,
    );
    this.postgres.onCommit(tx, () => this.hints.give('image-requests-changed', request.id));
  }

  /** The audit entry of one call of the cloud, in the transaction that writes what it led to. */
  async recordCall(
    tx: Tx,
    request: ImageRequest,
    call: UpstreamCall,
    detail: { readonly outcome: AttemptOutcome } & Readonly<Record<string, unknown>>,
    at: Date,
  ): Promise<void> {
    await this.audit.append(
      tx,
      {
        tenantId: request.tenantId,
        accountId: request.accountId,
        actor: BY_THE_WORKER.actor,
        action: 'cvm.CreateImage',
        target: { type: 'image_request', id: request.id },
        outcome: detail.outcome === 'accepted' ? 'success' : 'failure',
        requestId: null,
        upstream: call,
        detail,
      },
      at,
    );
  }

  /** A request that only waited for the instance held up nobody. */
  private async releaseInstance(tx: Tx, request: ImageRequest, at: Date): Promise<void> {
    if (request.instanceId === null || (await this.instances.isHeld(tx, request))) return;
    const next = await this.instances.releaseNext(tx, request, at);
    if (next !== null) this.postgres.onCommit(tx, () => this.entrance.enter(next));
  }
}
