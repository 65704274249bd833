import type { Accounts } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import { type AccountId, type ImageRequestId, isId, newId, type TenantId } from '#libs/ids';
import { isUniqueViolation, type Postgres, type Tx } from '#libs/postgres';
import type { Caller } from '#libs/tenants';
import type { ImageOrder, ImageRequest } from './image-request.js';
import { isEnded } from './image-request-status.js';
import type { ImageRequestFilter, ImageRequestStore } from './image-request.store.js';
import type { QueuePlace } from './image-request.view.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import { ImageNameInUse } from './image-requests.errors.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { RequestChanges } from './request-changes.js';
import type { Transitions } from './transitions.js';

/** Tells a requester's waiting connection nothing was missed even if a hint was lost. */
const REREAD_AFTER_MS = 5000;

/** What callers ask for and ask about. */
export class ImageRequests {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestStore,
    private readonly workStore: ImageRequestWorkStore,
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
    const accepted = await this.postgres
      .transaction(async (tx) => {
        await this.accounts.holdActive(tx, caller.tenantId, order.accountId);
        const waitingFor = (await this.workStore.isInstanceBusy(tx, request)) ? ('instance' as const) : null;
        const written = { ...request, waitingFor };
        await this.store.insert(tx, written, caller.actor.id ?? caller.actor.name);
        const context = { actor: caller.actor, requestId: caller.requestId };
        await this.transitions.record(tx, written, 'image_request.create', 'image_request.queued', at, context);
        return written;
      })
      .catch(async (error: unknown) => {
        throw (await this.nameConflict(error, caller.tenantId, order)) ?? error;
      });
    if (accepted.waitingFor === null) await this.entrance.enter(accepted);
    return accepted;
  }

  /** Every check that `accept` makes, and nothing is written. */
  async check(caller: Caller, order: ImageOrder): Promise<void> {
    await this.postgres.transaction((tx) => this.accounts.holdActive(tx, caller.tenantId, order.accountId));
    const holder = await this.store.findOpenByName(this.postgres.db, caller.tenantId, order);
    if (holder !== null) throw new ImageNameInUse(holder.id);
  }

  /** Throws `NotFound` for an unknown id and for another tenant's, in the same words. */
  async find(tenantId: TenantId, id: string): Promise<ImageRequest> {
    const request = isId('ireq', id) ? await this.store.find(this.postgres.db, tenantId, id) : null;
    if (request === null) throw new NotFound('image request');
    return request;
  }

  /** Newest first. */
  async list(
    tenantId: TenantId,
    filter: ImageRequestFilter,
    page: { readonly after: ImageRequestId | null; readonly limit: number },
  ): Promise<readonly ImageRequest[]> {
    return this.store.list(this.postgres.db, tenantId, filter, page);
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

  /** Where a queued request stands among those that wait for a token; null for any other. */
  async placeOf(request: ImageRequest): Promise<QueuePlace | null> {
    if (request.status !== 'queued' || request.waitingFor === 'instance') return null;
    const place = await this.entrance.placeOf(request);
    if (place === null) return null;
    const startsInMs = place.kind === 'promised' ? place.inMs : place.startsInMs;
    return {
      position: place.kind === 'promised' ? 1 : place.before + 1,
      estimatedStartAt: new Date(this.clock.now().getTime() + startsInMs),
    };
  }

  /** Whether the account has requests that have not ended; for whoever is about to delete it in `tx`. */
  async hasOpen(tx: Tx, tenantId: TenantId, accountId: AccountId): Promise<boolean> {
    return (await this.store.countOpen(tx, tenantId, accountId)) > 0;
  }

  private async nameConflict(error: unknown, tenantId: TenantId, order: ImageOrder): Promise<ImageNameInUse | null> {
    if (!isUniqueViolation(error, 'image_requests_open_name_idx')) return null;
    const holder = await this.store.findOpenByName(this.postgres.db, tenantId, order);
    return holder === null ? null : new ImageNameInUse(holder.id);
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
