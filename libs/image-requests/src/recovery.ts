import type { Clock } from '#libs/clock';
import type { ImageRequestId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import { deadlineExceeded } from './failures.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { LaneEntrance } from './lane-entrance.js';
import type { Settlement } from './settlement.js';

/** What a sweep found that nobody else was taking care of. */
export interface Recovered {
  readonly expired: number;
  readonly entered: number;
  readonly resumed: number;
  readonly tracked: number;
  readonly released: number;
}

/** Whoever is at work on a request touches it more often than this. */
const UNTOUCHED_MS = 10_000;
const PAGE = 500;

/**
 * Puts back what PostgreSQL knows and Redis does not: after a crash between commit and enqueue, a flushed or a lost
 * Redis. Everything it does is safe to repeat and to race, so every worker may run it.
 */
export class Recovery {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: ImageRequestWorkStore,
    private readonly settlement: Settlement,
    private readonly entrance: LaneEntrance,
    private readonly queues: Queues,
    private readonly clock: Clock,
  ) {}

  async sweep(): Promise<Recovered> {
    return {
      expired: await this.failPastDeadline(),
      entered: await this.enterForgotten(),
      resumed: await this.resumeStuck(),
      tracked: await this.trackForgotten(),
      released: await this.releaseForgotten(),
    };
  }

  private get untouchedSince(): Date {
    return new Date(this.clock.now().getTime() - UNTOUCHED_MS);
  }

  private async failPastDeadline(): Promise<number> {
    const late = await this.store.listPastDeadline(this.postgres.db, this.clock.now(), PAGE);
    for (const request of late) {
      if (request.startDeadline === null) continue;
      await this.settlement.fail(request, deadlineExceeded(request.startDeadline));
      await this.entrance.leave(request);
    }
    return late.length;
  }

  private async enterForgotten(): Promise<number> {
    let entered = 0;
    let after: ImageRequestId | null = null;
    for (;;) {
      const due = { untouchedSince: this.untouchedSince, by: this.clock.now() };
      const page = await this.store.listForLanes(this.postgres.db, due, { after, limit: PAGE });
      await Promise.all(page.map((request) => this.entrance.enter(request)));
      entered += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return entered;
      after = last.id;
    }
  }

  private async resumeStuck(): Promise<number> {
    const due = { untouchedSince: this.untouchedSince, by: this.clock.now() };
    const stuck = await this.store.listStuckSubmissions(this.postgres.db, due, PAGE);
    for (const id of stuck) await this.queues.submit(id);
    return stuck.length;
  }

  private async trackForgotten(): Promise<number> {
    const groups = await this.store.listOverdueGroups(this.postgres.db, this.untouchedSince, PAGE);
    for (const { accountId, region } of groups) await this.queues.track(accountId, region, 0);
    return groups.length;
  }

  private async releaseForgotten(): Promise<number> {
    const forgotten = await this.store.listForgottenAtInstance(this.postgres.db, this.untouchedSince, PAGE);
    for (const request of forgotten) {
      const at = this.clock.now();
      if (await this.store.amend(this.postgres.db, request, { waitingFor: null }, at))
        await this.entrance.enter(request);
    }
    return forgotten.length;
  }
}
