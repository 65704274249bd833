import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, AccountStore } from '#libs/accounts';
import type { Endpoints } from '#libs/cloud';
import type { ImageRequestId } from '#libs/ids';
import { type Lane, laneName, type Lanes, type Place, rankOf } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Postgres } from '#libs/postgres';
import type { ImageRequest } from './image-request.js';

/** How much longer the pause after a page is than the work on it, and how long at most. */
const LEISURE = 4;
const PAUSE_MAX_MS = 500;

/** As much of a request as its lane needs to know. */
export type LaneEntrant = Pick<ImageRequest, 'id' | 'tenantId' | 'accountId' | 'region' | 'priority' | 'createdAt'>;

interface Candidate {
  readonly lane: Lane;
  readonly entrant: LaneEntrant;
}

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

  /**
   * Brings in those that are in no lane though they are still queued, and gives their number. Pages of which nobody is
   * missing are no emergency: they are gone through at leisure, so that looking after a long backlog delays no call. Throws
   * when Redis is out of reach.
   */
  async enterMissing(
    pages: AsyncIterable<readonly LaneEntrant[]>,
    stillForLanes: (ids: readonly ImageRequestId[]) => Promise<ReadonlySet<ImageRequestId>>,
  ): Promise<number> {
    let entered = 0;
    let beganAtMs = performance.now();
    for await (const page of pages) {
      const candidates = await this.withLanes(page);
      // One that was called since its page was read has left its lane rightly.
      const missing = await stillForLanes(await this.missingAmong(candidates));
      // In the order of the page, not lane by lane, or each lane would wait for the whole start of those before it.
      const newcomers = candidates.filter(({ entrant }) => missing.has(entrant.id));
      await Promise.all(newcomers.map(({ lane, entrant }) => this.enterLane(lane, entrant)));
      entered += missing.size;
      if (missing.size === 0) await sleep(Math.min(PAUSE_MAX_MS, (performance.now() - beganAtMs) * LEISURE));
      beganAtMs = performance.now();
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
    try {
      const accounts = await this.accounts.findMany(this.postgres.db, requests);
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

  private async withLanes(page: readonly LaneEntrant[]): Promise<readonly Candidate[]> {
    const accounts = await this.accounts.findMany(this.postgres.db, page);
    return page.flatMap((entrant) => {
      const account = accounts.get(entrant.accountId);
      return account === undefined ? [] : [{ lane: this.laneOf(account, entrant.region), entrant }];
    });
  }

  private async missingAmong(candidates: readonly Candidate[]): Promise<readonly ImageRequestId[]> {
    const byLane = Map.groupBy(candidates, ({ lane }) => laneName(lane));
    const missing = await Promise.all(
      [...byLane.values()].map((each) =>
        this.lanes.missing(
          each[0]!.lane,
          each.map(({ entrant }) => entrant.id),
        ),
      ),
    );
    return missing.flat();
  }

  private async enterLane(lane: Lane, request: LaneEntrant): Promise<void> {
    await this.lanes.open({ ...lane, action: 'DescribeImages' });
    await this.lanes.enter(lane, request.id, rankOf(request));
  }

  private async laneFor(request: ImageRequest): Promise<Lane | null> {
    const account = await this.accounts.find(this.postgres.db, request.tenantId, request.accountId);
    return account === null ? null : this.laneOf(account, request.region);
  }
}
