import type { Account, AccountStore } from '#libs/accounts';
import type { ImageRequestId } from '#libs/ids';
import { type Lanes, rankOf } from '#libs/lanes';
import type { Postgres } from '#libs/postgres';
import type { Calls } from './calls.js';
import type { CloudAccess } from './cloud-access.js';
import type { ImageRequest } from './image-request.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import { again, DONE, type NextStep } from './next-step.js';
import type { Preparation } from './preparation.js';
import type { Reconciliation } from './reconciliation.js';

/** A token that is about to be usable is waited for in place; a longer rest goes back to the queue. */
const WAIT_IN_PLACE_MS = 250;

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
    const target = await this.access.targetOf(account, request.region);
    const lane = this.entrance.laneOf(account, request.region);
    let claim = await this.lanes.claim(lane, request.id, rankOf(request));
    if (claim.kind === 'early' && claim.inMs <= WAIT_IN_PLACE_MS) {
      const { inMs } = claim;
      await new Promise((resolve) => setTimeout(resolve, inMs));
      claim = await this.lanes.claim(lane, request.id, rankOf(request));
    }
    switch (claim.kind) {
      case 'early':
        return again(claim.inMs - WAIT_IN_PLACE_MS / 2);
      case 'waiting':
        await this.store.noteWaitingForToken(this.postgres.db, request);
        return DONE;
      case 'leased': {
        const result = await this.calls.make(request, target, claim.lease);
        return result.kind === 'called' ? result.step : this.preparation.waitForInstance(request);
      }
    }
  }
}
