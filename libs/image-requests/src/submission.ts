import type { Account, AccountStore } from '#libs/accounts';
import type { CloudTarget } from '#libs/cloud';
import type { ImageRequestId } from '#libs/ids';
import { type Claim, isFresh, type Lane, type Lanes, type Lease, rankOf } from '#libs/lanes';
import type { Postgres } from '#libs/postgres';
import type { BegunCall, Calls } from './calls.js';
import type { CloudAccess } from './cloud-access.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import { again, DONE, type NextStep } from './next-step.js';
import type { Preparation } from './preparation.js';
import type { Reconciliation } from './reconciliation.js';

/** A token that is about to be usable is waited for in place; a longer rest goes back to the queue. */
const WAIT_IN_PLACE_MS = 250;
/** The write-ahead takes some milliseconds, and is made while the token still rests. */
const WRITE_AHEAD_MS = 15;

/** Moves one request from `queued` to the cloud's answer. A request that another job has moved on is left alone. */
export class Submission {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestWorkStore,
    private readonly accounts: AccountStore,
    private readonly entrance: LaneEntrance,
    private readonly lanes: Lanes,
    private readonly access: CloudAccess,
    private readonly preparation: Preparation,
    private readonly calls: Calls,
    private readonly reconciliation: Reconciliation,
  ) {}

  /** Also serves a request whose turn is only next: it is prepared, and keeps waiting. */
  async run(id: ImageRequestId): Promise<NextStep> {
    const request = await this.store.find(this.postgres.db, id);
    if (request === null) return DONE;
    if (request.status !== 'queued' && request.status !== 'submitting') {
      await this.entrance.leave(request);
      return DONE;
    }
    const account = await this.accounts.find(this.postgres.db, request.tenantId, request.accountId);
    if (account === null) throw new Error(`the account of the open image request ${id} is gone`);
    if (request.status === 'submitting') return this.reconciliation.run(request, account);

    const readiness = await this.preparation.prepare(request, account);
    return readiness.kind === 'ready' ? this.submit(request, account) : readiness.step;
  }

  private async submit(request: ImageRequest, account: Account): Promise<NextStep> {
    const lane = this.entrance.laneOf(account, request.region);
    const claim = await this.claim(lane, request);
    switch (claim.kind) {
      case 'waiting':
        await this.store.noteWaitingForToken(this.postgres.db, request);
        return DONE;
      case 'early':
        if (claim.inMs > WAIT_IN_PLACE_MS) return again(claim.inMs - WAIT_IN_PLACE_MS / 2);
        return this.call(request, account, lane, claim.inMs, null);
      case 'leased':
        return this.call(request, account, lane, 0, claim.lease);
    }
  }

  /** Writes the call ahead and sends it once its token may be used, `inMs` from now, or with the lease that is there. */
  private async call(
    request: ImageRequest,
    account: Account,
    lane: Lane,
    inMs: number,
    lease: Lease | null,
  ): Promise<NextStep> {
    const usableAtMs = performance.now() + inMs;
    const target = await this.access.targetOf(account, request.region);
    await until(usableAtMs - WRITE_AHEAD_MS);
    const beginning = await this.calls.begin(request, lane, inMs).catch(async (error: unknown) => {
      await this.handBack(lane, request, lease);
      throw error;
    });
    if (beginning.kind !== 'begun') {
      await this.handBack(lane, request, lease);
      return beginning.kind === 'moved_on' ? DONE : this.preparation.waitForInstance(request);
    }
    await until(usableAtMs);
    return this.sendWith(lease, beginning.call, target, lane);
  }

  /** Nothing is sent but under a fresh lease; a call that can't get one is taken back. */
  private async sendWith(lease: Lease | null, call: BegunCall, target: CloudTarget, lane: Lane): Promise<NextStep> {
    const held = lease ?? (await this.leaseFor(lane, call.request));
    const fresh = held === null || isFresh(held) ? held : await this.lanes.renew(held);
    if (fresh === null) return this.calls.retract(call);
    if (isFresh(fresh)) return this.calls.send(call, target, fresh);
    await this.lanes.handBack(fresh);
    return this.calls.retract(call);
  }

  private async leaseFor(lane: Lane, request: ImageRequest): Promise<Lease | null> {
    const claim = await this.claim(lane, request);
    return claim.kind === 'leased' ? claim.lease : null;
  }

  /** Rides out the last moments of a token's rest. */
  private async claim(lane: Lane, request: ImageRequest): Promise<Claim> {
    for (let tries = 3; ; tries--) {
      const claim = await this.lanes.claim(lane, request.id, rankOf(request));
      if (claim.kind !== 'early' || claim.inMs > 2 || tries === 0) return claim;
      await until(performance.now() + claim.inMs);
    }
  }

  private async handBack(lane: Lane, request: ImageRequest, lease: Lease | null): Promise<void> {
    if (lease !== null) await this.lanes.handBack(lease);
    else await this.lanes.withdraw(lane, request.id);
  }
}

/** Resolves at the time given on the process's monotonic clock, at once when that is past. */
async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
