import type { Account, AccountStore } from '#libs/accounts';
import type { Endpoints } from '#libs/cloud';
import type { AccountId, ImageRequestId } from '#libs/ids';
import { type Lane, laneName, type Lanes, type Place, rankOf } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';

/** Knows which lane a request belongs to, and brings it there. */
export class LaneEntrance {
  constructor(
    private readonly postgres: Postgres,
    private readonly accounts: AccountStore,
    private readonly endpoints: Endpoints,
    private readonly lanes: Lanes,
    private readonly log: Log,
  ) {}

  laneOf(account: Account, region: string, action: Lane['action'] = 'CreateImage'): Lane {
    const { host } = this.endpoints.cvm(account.site, region);
    return { host, uin: account.uin, userId: account.userId, action };
  }

  /**
   * Never throws: PostgreSQL has the request, and the recovery brings in what could not enter now. A request that is in
   * the lane already keeps its place.
   */
  async enter(request: ImageRequest): Promise<void> {
    try {
      const lane = await this.laneFor(request);
      if (lane !== null) await this.enterLane(lane, request);
    } catch (error) {
      this.log.warn({ event: 'image_request.not_entered', imageRequestId: request.id, error });
    }
  }

  /** Brings in those that are in no lane, and gives their number. Throws when Redis is out of reach. */
  async enterMissing(requests: readonly ImageRequest[]): Promise<number> {
    const byLane = new Map<string, { readonly lane: Lane; readonly requests: ImageRequest[] }>();
    const accounts = new AccountsOnce(this.postgres, this.accounts);
    for (const request of requests) {
      const account = await accounts.find(request);
      if (account === null) continue;
      const lane = this.laneOf(account, request.region);
      const known = byLane.get(laneName(lane)) ?? { lane, requests: [] };
      known.requests.push(request);
      byLane.set(laneName(lane), known);
    }

    let entered = 0;
    for (const { lane, requests: candidates } of byLane.values()) {
      const ids = candidates.map(({ id }) => id);
      const missing = new Set(await this.lanes.missing(lane, ids));
      await Promise.all(candidates.filter(({ id }) => missing.has(id)).map((each) => this.enterLane(lane, each)));
      entered += missing.size;
    }
    return entered;
  }

  /** Takes a request that will not be called out of its lane. Never throws: a waiter that has ended is harmless. */
  async leave(request: ImageRequest): Promise<void> {
    try {
      const lane = await this.laneFor(request);
      if (lane !== null) await this.lanes.withdraw(lane, request.id);
    } catch (error) {
      this.log.warn({ event: 'image_request.not_withdrawn', imageRequestId: request.id, error });
    }
  }

  /** Where requests of one tenant stand in their lanes; one that is in none, or that Redis can't tell of, is left out. */
  async placesOf(requests: readonly ImageRequest[]): Promise<ReadonlyMap<ImageRequestId, Place>> {
    const places = new Map<ImageRequestId, Place>();
    const accounts = new AccountsOnce(this.postgres, this.accounts);
    try {
      await Promise.all(
        requests.map(async (request) => {
          const account = await accounts.find(request);
          if (account === null) return;
          const place = await this.lanes.placeOf(this.laneOf(account, request.region), request.id);
          if (place !== null) places.set(request.id, place);
        }),
      );
    } catch (error) {
      this.log.warn({ event: 'lane.not_read', error });
    }
    return places;
  }

  private async enterLane(lane: Lane, request: ImageRequest): Promise<void> {
    await this.lanes.open({ ...lane, action: 'DescribeImages' });
    await this.lanes.enter(lane, request.id, rankOf(request));
  }

  private async laneFor(request: ImageRequest): Promise<Lane | null> {
    const account = await this.accounts.find(this.postgres.db, request.tenantId, request.accountId);
    return account === null ? null : this.laneOf(account, request.region);
  }
}

/** Reads each account once, for work on many requests of few accounts. */
class AccountsOnce {
  private readonly found = new Map<AccountId, Promise<Account | null>>();

  constructor(
    private readonly postgres: Postgres,
    private readonly store: AccountStore,
  ) {}

  find({ tenantId, accountId }: ImageRequest): Promise<Account | null> {
    const account = this.found.get(accountId) ?? this.store.find(this.postgres.db, tenantId, accountId);
    this.found.set(accountId, account);
    return account;
  }
}
