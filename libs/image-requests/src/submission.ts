import type { Account, AccountStore } from '#libs/accounts';
import type { Clock } from '#libs/clock';
import type { CloudTarget } from '#libs/cloud';
import { CredentialUnopenable } from '#libs/credentials';
import { assertNever } from '#libs/errors';
import type { ImageRequestId } from '#libs/ids';
import { type Claim, isFresh, type Lane, laneName, type Lanes, type Lease, rankOf } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { Beginning, BegunCall, Calls } from './calls.js';
import type { Access, CloudAccess } from './cloud-access.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { InstanceQueue } from './instance-queue.js';
import type { LaneEntrance } from './lane-entrance.js';
import { again, DONE, type NextStep } from './next-step.js';
import type { Preparation } from './preparation.js';
import type { Reconciliation } from './reconciliation.js';

/** A token that is about to be usable is waited for in place; a longer rest goes back to the queue. */
const WAIT_IN_PLACE_MS = 250;
/** The write-ahead takes some ten milliseconds on a busy database, and is made while the token still rests. */
const WRITE_AHEAD_MS = 40;
/** How long a request is left alone whose work met a fault of ours. */
const AFTER_FAULT_MS = 15_000;

/** Why a call that was written down was not sent after all. */
const TOKEN_GONE = 'the token was taken back before the call was sent';
const KEY_REJECTED = "the account's credential was rejected before the call was signed";
const NOT_SIGNABLE = 'no credential could be had to sign the call with';
const NO_REDIS = 'Redis failed before the call was sent';

/** Moves one request from `queued` to the cloud's answer. A request that another job has moved on is left alone. */
export class Submission {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: ImageRequestWorkStore,
    private readonly accounts: AccountStore,
    private readonly entrance: LaneEntrance,
    private readonly lanes: Lanes,
    private readonly access: CloudAccess,
    private readonly preparation: Preparation,
    private readonly calls: Calls,
    private readonly reconciliation: Reconciliation,
    private readonly instanceQueue: InstanceQueue,
    private readonly clock: Clock,
    private readonly log: Log,
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
    try {
      if (request.status === 'submitting') return await this.reconciliation.run(request, account);
      await this.lanes.takeUp(this.entrance.laneOf(account, request.region), id);
      const readiness = await this.preparation.prepare(request, account);
      return readiness.kind === 'ready' ? await this.submit(request, account) : readiness.step;
    } catch (error) {
      if (error instanceof CredentialUnopenable) return this.waitForOperators(request, error);
      if (request.status === 'queued') await this.setAside(request);
      throw error;
    }
  }

  /**
   * Once the job of a parked request is gone: a token that it was promised while the job was ending found the job still
   * there, and the wake was taken for a second one of the same. Never throws; the lane wakes it again in a while.
   */
  async recall(id: ImageRequestId, lane: Lane): Promise<void> {
    try {
      await this.lanes.recall(lane, id);
    } catch (error) {
      this.log.warn({ event: 'image_request.not_recalled', imageRequestId: id, error });
    }
  }

  private async submit(request: ImageRequest, account: Account): Promise<NextStep> {
    const lane = this.entrance.laneOf(account, request.region);
    const claim = await this.claim(lane, request);
    switch (claim.kind) {
      case 'waiting':
        await this.store.noteWaitingForToken(this.postgres.db, request);
        return { kind: 'parked', lane };
      case 'early':
        if (claim.inMs > WAIT_IN_PLACE_MS) return again(claim.inMs - WAIT_IN_PLACE_MS / 2);
        return this.callWhenRested(request, account, lane, claim.inMs);
      case 'leased':
        return this.callUnder(claim.lease, request, account, lane);
      default:
        return assertNever(claim);
    }
  }

  /** Writes the call ahead while its promised token still rests, and sends it at the moment when it may. */
  private async callWhenRested(request: ImageRequest, account: Account, lane: Lane, inMs: number): Promise<NextStep> {
    const usableAtMs = performance.now() + inMs;
    await until(usableAtMs - WRITE_AHEAD_MS);
    const beginning = await this.calls.begin(request, lane, Math.max(0, usableAtMs - performance.now()));
    if (beginning.kind !== 'begun') {
      await this.lanes.withdraw(lane, request.id);
      return this.notBegun(request, beginning.kind);
    }
    const access = await this.accessFor(beginning.call, account);
    if (access.kind !== 'open') {
      await this.orTakenBack(beginning.call, this.lanes.withdraw(lane, request.id));
      return this.notSigned(beginning.call, access);
    }
    await until(usableAtMs);
    const claim = await this.orTakenBack(beginning.call, this.claim(lane, request));
    if (claim.kind !== 'leased') return this.calls.retract(beginning.call, TOKEN_GONE);
    return this.send(beginning.call, () => this.access.latest(account, access.target), claim.lease);
  }

  private async callUnder(lease: Lease, request: ImageRequest, account: Account, lane: Lane): Promise<NextStep> {
    // A lease that can't be handed back ends by itself; what went wrong first is what counts.
    const giveUp = async (error: unknown): Promise<never> => {
      await this.lanes.handBack(lease).catch((fault: unknown) => {
        this.log.warn({ event: 'lease.not_ended', lane: laneName(lane), error: fault });
      });
      throw error;
    };
    const beginning = await this.calls.begin(request, lane, 0).catch(giveUp);
    if (beginning.kind !== 'begun') {
      await this.lanes.handBack(lease);
      return this.notBegun(request, beginning.kind);
    }
    const access = await this.accessFor(beginning.call, account).catch(giveUp);
    if (access.kind === 'open')
      return this.send(beginning.call, () => this.access.latest(account, access.target), lease);
    await this.orTakenBack(beginning.call, this.lanes.handBack(lease));
    return this.notSigned(beginning.call, access);
  }

  /**
   * Got only once the call is written down, so that every call that begins after a rotation is signed with the new key.
   * The session of a role has been there since the look-up of the name; where STS must be asked after all, the lease is
   * renewed before the call is sent.
   */
  private async accessFor(call: BegunCall, account: Account): Promise<Access> {
    try {
      return await this.access.targetOf(account, call.request.region);
    } catch (error) {
      return this.takeBack(call, NOT_SIGNABLE, error);
    }
  }

  /** A request of an account that is marked waits for the credential when it comes again. */
  private async notSigned(call: BegunCall, access: Exclude<Access, { kind: 'open' }>): Promise<NextStep> {
    return access.kind === 'rejected'
      ? this.calls.retract(call, KEY_REJECTED)
      : this.calls.postpone(call, access.failure);
  }

  private async notBegun(request: ImageRequest, why: Exclude<Beginning['kind'], 'begun'>): Promise<NextStep> {
    if (why === 'moved_on') return DONE;
    if (why === 'name_busy') return this.calls.waitForName(request);
    return (await this.instanceQueue.join(request)) ? DONE : again(0);
  }

  /** Nothing is sent but under a fresh lease; a call that can't get one is taken back. */
  private async send(call: BegunCall, target: () => CloudTarget, lease: Lease): Promise<NextStep> {
    const fresh = isFresh(lease) ? lease : await this.orTakenBack(call, this.lanes.renew(lease));
    if (fresh === null) return this.calls.retract(call, TOKEN_GONE);
    if (isFresh(fresh)) return this.calls.send(call, target(), fresh);
    await this.orTakenBack(call, this.lanes.handBack(fresh));
    return this.calls.retract(call, TOKEN_GONE);
  }

  /** Were the call left as it is when Redis fails, it would pass for one that was sent and got no answer. */
  private async orTakenBack<Value>(call: BegunCall, asked: Promise<Value>): Promise<Value> {
    try {
      return await asked;
    } catch (error) {
      return this.takeBack(call, NO_REDIS, error);
    }
  }

  private async takeBack(call: BegunCall, cause: string, error: unknown): Promise<never> {
    await this.calls.retract(call, cause).catch((fault: unknown) => {
      throw new AggregateError([error, fault], 'a call that was not sent could not be taken back');
    });
    throw error;
  }

  /** Rides out the last moments of a token's rest. */
  private async claim(lane: Lane, request: ImageRequest): Promise<Claim> {
    for (let tries = 3; ; tries--) {
      const claim = await this.lanes.claim(lane, request.id, rankOf(request));
      if (claim.kind !== 'early' || claim.inMs > 2 || tries === 0) return claim;
      await until(performance.now() + claim.inMs);
    }
  }

  /**
   * Nothing can be signed, and only the operators can mend that. The request stays as it is and tries again now and then,
   * until they have or until its deadline; nothing of it is lost.
   */
  private async waitForOperators(request: ImageRequest, error: CredentialUnopenable): Promise<NextStep> {
    const { tenantId, accountId, missingKeyId } = error;
    const ids = { imageRequestId: request.id, tenantId, accountId, missingKeyId };
    this.log.error({ event: 'credential.not_opened', ...ids, error });
    await this.setAside(request);
    return again(AFTER_FAULT_MS);
  }

  /**
   * After a fault of ours: the token goes to others, and the request comes back later. What can't be written now is
   * noticed by the lane, which drops a waiter that never comes, and by the recovery, which brings it in again.
   */
  private async setAside(request: ImageRequest): Promise<void> {
    const isQueued = request.status === 'queued';
    if (isQueued) await this.entrance.leave(request);
    const at = this.clock.now();
    const nextAttemptAt = new Date(at.getTime() + AFTER_FAULT_MS);
    await this.store
      .amend(this.postgres.db, request, { nextAttemptAt, error: null, ...(isQueued && { waitingFor: 'retry' }) }, at)
      .catch((error: unknown) => {
        this.log.warn({ event: 'image_request.not_set_aside', imageRequestId: request.id, error });
      });
  }
}

/** Resolves at the time given on the process's monotonic clock, at once when that is past. */
async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
