import type { Account, Accounts } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import { type AccountId, type ImageRequestId, isId, newId, type TenantId } from '#libs/ids';
import { isUniqueViolation, type Postgres, type Tx } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import { credentialRejected } from './failures.js';
import type { ImageOrder, ImageRequest } from './image-request.js';
import { isEnded } from './image-request-status.js';
import type { ImageRequestFilter, ImageRequestStore } from './image-request.store.js';
import type { QueuePlace } from './image-request.view.js';
import { ImageNameInUse, NotCancelable, NotRetryable } from './image-requests.errors.js';
import type { InstanceQueue } from './instance-queue.js';
import type { InstanceStore } from './instance.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { RequestChanges } from './request-changes.js';
import type { Transitions } from './transitions.js';

/** Tells a requester's waiting connection nothing was missed even if a hint was lost. */
const REREAD_AFTER_MS = 5000;

/** What a request that failed forgets when it is tried again; its attempts stay on record. */
const ANEW = {
  nextAttemptAt: null,
  imageId: null,
  retryingSince: null,
  retriesMade: 0,
  nameSeenFreeAt: null,
  error: null,
  submittedAt: null,
  completedAt: null,
} as const;

/** What callers ask for and ask about. */
export class ImageRequests {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestStore,
    private readonly instances: InstanceStore,
    private readonly instanceQueue: InstanceQueue,
    private readonly transitions: Transitions,
    private readonly accounts: Accounts,
    private readonly entrance: LaneEntrance,
    private readonly changes: RequestChanges,
    private readonly clock: Clock,
  ) {}

  /**
   * Durable once it returns: the row, its event and its audit entry commit together or not at all; queueing follows the
   * commit. Throws `UnknownAccount`, `AccountDisabled` or `ImageNameInUse`, and then nothing was written.
   */
  async accept(caller: Caller, order: ImageOrder): Promise<ImageRequest> {
    const at = this.clock.now();
    const request = newImageRequest(caller.tenantId, order, at);
    const accepted = await this.underFreeName(caller.tenantId, order, async (tx) => {
      const account = await this.accounts.holdActive(tx, caller.tenantId, order.accountId);
      const written = { ...request, ...(await this.obstacleOf(tx, request, account)) };
      await this.store.insert(tx, written, caller.actor.id ?? caller.actor.name);
      const context = { actor: caller.actor, requestId: caller.requestId };
      await this.transitions.record(tx, written, 'image_request.create', 'image_request.queued', at, context);
      return written;
    });
    return this.enter(accepted);
  }

  /** Every check that `accept` makes, and nothing is written. */
  async check(caller: Caller, order: ImageOrder): Promise<void> {
    const { tenantId } = caller;
    const holder = await this.postgres.asTenant(tenantId, async (tx) => {
      await this.accounts.holdActive(tx, tenantId, order.accountId);
      return this.store.findOpenByName(tx, tenantId, order);
    });
    if (holder !== null) throw new ImageNameInUse(holder.id);
  }

  /** Throws `NotFound` for an unknown id and for another tenant's, in the same words. */
  async find(tenantId: TenantId, id: string): Promise<ImageRequest> {
    const request = isId('ireq', id)
      ? await this.postgres.asTenant(tenantId, (tx) => this.store.find(tx, tenantId, id))
      : null;
    if (request === null) throw new NotFound('image request');
    return request;
  }

  /** Newest first. */
  async list(
    tenantId: TenantId,
    filter: ImageRequestFilter,
    page: { readonly after: ImageRequestId | null; readonly limit: number },
  ): Promise<readonly ImageRequest[]> {
    return this.postgres.asTenant(tenantId, (tx) => this.store.list(tx, tenantId, filter, page));
  }

  /** The request once it has ended, or as it is when the time is over or `signal` fires. */
  async waitForEnd(tenantId: TenantId, id: string, timeoutMs: number, signal: AbortSignal): Promise<ImageRequest> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    for (;;) {
      // Listening begins before the read, so a change between the two is not missed.
      const change = this.changes.next(id, REREAD_AFTER_MS, deadline);
      const request = await this.find(tenantId, id);
      if (isEnded(request.status) || deadline.aborted) {
        change.cancel();
        return request;
      }
      await change.arrived;
    }
  }

  /**
   * Ends a queued request; the cloud is certainly not called for it afterwards. Throws `NotCancelable` once a call may be
   * under way. Safe to repeat.
   */
  async cancel(caller: Caller, id: string): Promise<ImageRequest> {
    const request = await this.find(caller.tenantId, id);
    if (request.status === 'canceled') return request;
    if (request.status !== 'queued') throw new NotCancelable(request.status);

    const context = { actor: caller.actor, requestId: caller.requestId };
    const canceled = await this.postgres.asTenant(caller.tenantId, (tx) =>
      this.transitions.apply(tx, request, 'canceled', { error: null }, this.clock.now(), context),
    );
    // Moved on between the look and the write: what it has become decides.
    if (canceled === null) return this.cancel(caller, id);
    await this.entrance.leave(canceled);
    return canceled;
  }

  /**
   * Puts a failed request back into the queue, as it was ordered. What earlier calls made is still looked for. Throws
   * `NotRetryable`, or what `accept` throws: the account and the name must be free as if it were ordered anew.
   */
  async retry(caller: Caller, id: string): Promise<ImageRequest> {
    const failed = await this.find(caller.tenantId, id);
    if (failed.status !== 'failed') throw new NotRetryable(failed.status);

    const named = { action: 'image_request.retry', event: 'image_request.queued' } as const;
    const context = { actor: caller.actor, requestId: caller.requestId, named };
    const queued = await this.underFreeName(caller.tenantId, failed, async (tx) => {
      const account = await this.accounts.holdActive(tx, caller.tenantId, failed.accountId);
      const changes = { ...ANEW, ...(await this.obstacleOf(tx, failed, account)) };
      return this.transitions.apply(tx, failed, 'queued', changes, this.clock.now(), context);
    });
    // Another retry was faster.
    if (queued === null) return this.retry(caller, id);
    return this.enter(queued);
  }

  /** Where queued requests of one tenant stand among those that wait for a token; any other is left out. */
  async placesOf(requests: readonly ImageRequest[]): Promise<ReadonlyMap<ImageRequestId, QueuePlace>> {
    const waiting = requests.filter(
      ({ status, waitingFor }) => status === 'queued' && waitingFor !== 'instance' && waitingFor !== 'credential',
    );
    const now = this.clock.now().getTime();
    const places = [...(await this.entrance.placesOf(waiting))].map(([id, place]): [ImageRequestId, QueuePlace] => {
      const inMs = place.kind === 'promised' ? place.inMs : place.startsInMs;
      return [id, { position: place.before + 1, estimatedStartAt: new Date(now + inMs) }];
    });
    return new Map(places);
  }

  /** Whether the account has requests that have not ended; for whoever is about to delete it in `tx`. */
  async hasOpen(tx: Tx, tenantId: TenantId, accountId: AccountId): Promise<boolean> {
    return (await this.store.countOpen(tx, tenantId, accountId)) > 0;
  }

  /** A request whose instance is held waits for that, or for its account; any other enters its lane. */
  private async enter(request: ImageRequest): Promise<ImageRequest> {
    if (request.waitingFor === 'credential') return request;
    if (request.waitingFor === 'instance' && !(await this.instanceQueue.leaveIfFree(request))) return request;
    const free = { ...request, waitingFor: null };
    await this.entrance.enter(free);
    return free;
  }

  /** `account` is as `tx` holds it, so whoever repairs it comes after this and lets the request go. */
  private async obstacleOf(
    tx: Tx,
    request: ImageRequest,
    { rejection }: Account,
  ): Promise<Pick<ImageRequest, 'waitingFor' | 'error'>> {
    if (request.instanceId !== null && (await this.instances.isHeld(tx, request)))
      return { waitingFor: 'instance', error: null };
    if (rejection !== null) return { waitingFor: 'credential', error: credentialRejected(rejection) };
    return { waitingFor: null, error: null };
  }

  /** Throws `ImageNameInUse` when an open request holds the name; tries again when that one ends in the same moment. */
  private async underFreeName<Result>(
    tenantId: TenantId,
    order: ImageOrder,
    work: (tx: Tx) => Promise<Result>,
  ): Promise<Result> {
    for (;;) {
      try {
        return await this.postgres.asTenant(tenantId, work);
      } catch (error) {
        if (!isUniqueViolation(error, 'image_requests_open_name_idx')) throw error;
        const holder = await this.postgres.asTenant(tenantId, (tx) => this.store.findOpenByName(tx, tenantId, order));
        if (holder !== null) throw new ImageNameInUse(holder.id);
      }
    }
  }
}

function newImageRequest(tenantId: TenantId, order: ImageOrder, at: Date): ImageRequest {
  return {
    ...order,
    id: newId('ireq'),
    tenantId,
    status: 'queued',
    waitingFor: null,
    nextAttemptAt: null,
    imageId: null,
    attemptsMade: 0,
    retryingSince: null,
    retriesMade: 0,
    nameSeenFreeAt: null,
    error: null,
    createdAt: at,
    submittedAt: null,
    completedAt: null,
    updatedAt: at,
  };
}
