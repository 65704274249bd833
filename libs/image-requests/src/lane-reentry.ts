import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountStore } from '#libs/accounts';
import type { ImageRequestId } from '#libs/ids';
import { type Lane, laneName, type Lanes } from '#libs/lanes';
import type { SystemPostgres } from '#libs/postgres';
import type { LaneEntrance, LaneEntrant } from './lane-entrance.js';
import type { Due, RecoveryStore } from './recovery.store.js';

/** How much longer the pause after a page is than the work on it, and how long at most. */
const LEISURE = 4;
const PAUSE_MAX_MS = 500;

interface Candidate {
  readonly lane: Lane;
  readonly entrant: LaneEntrant;
}

/** Brings requests back into lanes that have lost them, whosever they are. */
export class LaneReentry {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: RecoveryStore,
    private readonly accounts: AccountStore,
    private readonly entrance: LaneEntrance,
    private readonly lanes: Lanes,
  ) {}

  /**
   * Brings in those that are in no lane though they are still queued, and gives their number. Pages of which nobody is
   * missing are no emergency: they are gone through at leisure, so that looking after a long backlog delays no call. Throws
   * when Redis is out of reach.
   */
  async enterMissing(pages: AsyncIterable<readonly LaneEntrant[]>, due: Due): Promise<number> {
    let entered = 0;
    let beganAtMs = performance.now();
    for await (const page of pages) {
      const candidates = await this.withLanes(page);
      // One that was called since its page was read has left its lane rightly.
      const absent = await this.missingAmong(candidates);
      const missing = await this.store.stillForLanes(this.postgres.db, due, absent);
      // In the order of the page, not lane by lane, or each lane would wait for the whole start of those before it.
      const newcomers = candidates.filter(({ entrant }) => missing.has(entrant.id));
      await Promise.all(newcomers.map(({ lane, entrant }) => this.entrance.enterLane(lane, entrant)));
      entered += missing.size;
      if (missing.size === 0) await sleep(Math.min(PAUSE_MAX_MS, (performance.now() - beganAtMs) * LEISURE));
      beganAtMs = performance.now();
    }
    return entered;
  }

  private async withLanes(page: readonly LaneEntrant[]): Promise<readonly Candidate[]> {
    const ids = page.map(({ accountId }) => accountId);
    const accounts = await this.accounts.findManyOfAll(this.postgres.db, ids);
    return page.flatMap((entrant) => {
      const account = accounts.get(entrant.accountId);
      return account === undefined ? [] : [{ lane: this.entrance.laneOf(account, entrant.region), entrant }];
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
}
