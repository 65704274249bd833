import { type Account, type AccountStore, countedUserId } from '#libs/accounts';
import type { Endpoints } from '#libs/cloud';
import type { ImageRequestId } from '#libs/ids';
import { type Lane, laneName, type Lanes, type Place, rankOf } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';

/** As much of a request as its lane needs to know. */
export type LaneEntrant = Pick<ImageRequest, 'id' | 'tenantId' | 'accountId' | 'region' | 'priority' | 'createdAt'>;

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
    return { host, uin: account.uin, userId: countedUserId(account), action };
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

  /** Takes a request that will not be called out of its lane. Never throws: a waiter that has ended is harmless. */
  async leave(request: ImageRequest): Promise<void> {
    try {
      const lane = await this.laneFor(request);
      if (lane !== null) await this.lanes.withdraw(lane, request.id);
    } catch (error) {
      this.log.warn({ event: 'image_request.not_withdrawn', imageRequestId: request.id, error });
    }
  }

  /** The same for many requests of one account. */
  async leaveAll(account: Account, requests: readonly Pick<ImageRequest, 'id' | 'region'>[]): Promise<void> {
    try {
      const byLane = Map.groupBy(requests, ({ region }) => laneName(this.laneOf(account, region)));
      for (const [first, ...others] of byLane.values()) {
        if (first === undefined) continue;
        const ids = [first, ...others].map(({ id }) => id);
        await this.lanes.withdrawAll(this.laneOf(account, first.region), ids);
      }
    } catch (error) {
      this.log.warn({ event: 'image_requests.not_withdrawn', accountId: account.id, requests: requests.length, error });
    }
  }

  /** Brings many requests of one account into their lanes. Never throws, as `enter`. */
  async enterAll(account: Account, requests: readonly LaneEntrant[]): Promise<void> {
    try {
      await Promise.all(requests.map((request) => this.enterLane(this.laneOf(account, request.region), request)));
    } catch (error) {
      this.log.warn({ event: 'image_requests.not_entered', accountId: account.id, requests: requests.length, error });
    }
  }

  /** Where requests of one tenant stand in their lanes; one that is in none, or that Redis can't tell of, is left out. */
  async placesOf(requests: readonly ImageRequest[]): Promise<ReadonlyMap<ImageRequestId, Place>> {
    const places = new Map<ImageRequestId, Place>();
    try {
      const [first] = requests;
      if (first === undefined) return places;
      const { tenantId } = first;
      const ids = requests.map(({ accountId }) => accountId);
      const accounts = await this.postgres.asTenant(tenantId, (tx) => this.accounts.findMany(tx, tenantId, ids));
      await Promise.all(
        requests.map(async (request) => {
          const account = accounts.get(request.accountId);
          if (account === undefined) return;
          const place = await this.lanes.placeOf(this.laneOf(account, request.region), request.id);
          if (place !== null) places.set(request.id, place);
        }),
      );
    } catch (error) {
      this.log.warn({ event: 'lane.not_read', error });
    }
    return places;
  }

  /** Throws when Redis is out of reach. */
  async enterLane(lane: Lane, request: LaneEntrant): Promise<void> {
    await this.lanes.open({ ...lane, action: 'DescribeImages' });
    await this.lanes.enter(lane, request.id, rankOf(request));
  }

  private async laneFor(request: ImageRequest): Promise<Lane | null> {
    const { tenantId, accountId } = request;
    const account = await this.postgres.asTenant(tenantId, (tx) => this.accounts.find(tx, tenantId, accountId));
    return account === null ? null : this.laneOf(account, request.region);
  }
}
