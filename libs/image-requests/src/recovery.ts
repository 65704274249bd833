import type { Clock } from '#libs/clock';
import type { ImageRequestId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { SystemPostgres } from '#libs/postgres';
import type { Queues } from '#libs/queues';
import type { RedisMemory } from '#libs/redis';
import { deadlineExceeded } from './failures.js';
import type { ImageRequestWorkStore } from './image-request-work.store.js';
import type { InstanceStore } from './instance.store.js';
import type { LaneEntrance, LaneEntrant } from './lane-entrance.js';
import type { LaneReentry } from './lane-reentry.js';
import type { Due, RecoveryStore } from './recovery.store.js';
import type { Settlement } from './settlement.js';
import type { TrackGroup, TrackingStore } from './tracking.store.js';

/** What a sweep found that nobody else was taking care of. */
export interface Recovered {
  readonly expired: number;
  readonly resumed: number;
  readonly tracked: number;
  readonly released: number;
}

/** Whoever is at work on a request touches it more often than this. */
const UNTOUCHED_MS = 10_000;
/** Every waiting request is looked for in its lane this often, by one worker. */
const LOOK_INTO_LANES_EVERY_MS = 10_000;
const LANES_TURN = 'look-into-lanes';
const PAGE = 1000;

/**
 * Puts back what PostgreSQL knows and Redis does not: after a crash between commit and enqueue, a flushed or a lost
 * Redis. Everything it does is safe to repeat and to race, so every worker may run it.
 */
export class Recovery {
  constructor(
    private readonly postgres: SystemPostgres,
    private readonly store: RecoveryStore,
    private readonly images: TrackingStore,
    private readonly instances: InstanceStore,
    private readonly requests: ImageRequestWorkStore,
    private readonly settlement: Settlement,
    private readonly entrance: LaneEntrance,
    private readonly reentry: LaneReentry,
    private readonly queues: Queues,
    private readonly memory: RedisMemory,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Everything at once when Redis has lost what it held; null when it has not, or another worker restores it. */
  async restore(stopping: AbortSignal): Promise<(Recovered & { readonly entered: number }) | null> {
    if (!(await this.memory.wasLost())) return null;
    const now = this.clock.now();
    // The lanes first: all of their tokens rest before the first grant, and nothing is called meanwhile.
    const entered = await this.enterForgotten(now, stopping);
    return { ...(await this.sweepFor(now)), entered };
  }

  async sweep(): Promise<Recovered> {
    return this.sweepFor(this.untouchedSince());
  }

  /** Brings waiting requests into the lanes that don't know them, and gives their number. Of a long backlog it takes its time. */
  async sweepLanes(stopping: AbortSignal): Promise<number> {
    return this.enterForgotten(this.untouchedSince(), stopping);
  }

  /**
   * Once a group's job is gone: an image that began while that job was ending found it still there, and its own job was
   * taken for a second one of the same. Never throws; what can't be queued now the sweep finds.
   */
  async resumeTracking(group: TrackGroup): Promise<void> {
    try {
      const nextAt = await this.images.nextLookAt(this.postgres.db, group);
      if (nextAt === null) return;
      const inMs = Math.max(0, nextAt.getTime() - this.clock.now().getTime());
      await this.queues.track(group.accountId, group.region, inMs);
    } catch (error) {
      this.log.warn({ event: 'images.not_tracked', ...group, error });
    }
  }

  /** Only what nobody has touched since the given time; whoever touched it later is at work on it. */
  private async sweepFor(untouchedSince: Date): Promise<Recovered> {
    return {
      expired: await this.failPastDeadline(),
      resumed: await this.resumeStuck(untouchedSince),
      tracked: await this.trackForgotten(untouchedSince),
      released: await this.releaseForgotten(untouchedSince),
    };
  }

  private untouchedSince(): Date {
    return new Date(this.clock.now().getTime() - UNTOUCHED_MS);
  }

  private async failPastDeadline(): Promise<number> {
    const late = await this.store.listPastDeadline(this.postgres.db, this.clock.now(), PAGE);
    for (const request of late) {
      if (request.startDeadline === null) continue;
      await this.settlement.fail(request, deadlineExceeded(request.startDeadline, request.error));
      await this.entrance.leave(request);
    }
    return late.length;
  }

  private async enterForgotten(untouchedSince: Date, stopping: AbortSignal): Promise<number> {
    if (!(await this.memory.takeTurn(LANES_TURN, LOOK_INTO_LANES_EVERY_MS))) return 0;
    const due = { untouchedSince, by: this.clock.now() };
    return this.reentry.enterMissing(this.pagesForLanes(due, stopping), due);
  }

  private async *pagesForLanes(due: Due, stopping: AbortSignal): AsyncGenerator<readonly LaneEntrant[]> {
    let after: ImageRequestId | null = null;
    while (!stopping.aborted) {
      const page: readonly LaneEntrant[] = await this.store.listForLanes(this.postgres.db, due, { after, limit: PAGE });
      yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)?.id ?? null;
      await this.memory.keepTurn(LANES_TURN, LOOK_INTO_LANES_EVERY_MS);
    }
  }

  private async resumeStuck(untouchedSince: Date): Promise<number> {
    const due = { untouchedSince, by: this.clock.now() };
    const stuck = await this.store.listStuckSubmissions(this.postgres.db, due, PAGE);
    for (const id of stuck) await this.queues.submit(id);
    return stuck.length;
  }

  private async trackForgotten(untouchedSince: Date): Promise<number> {
    const groups = await this.images.listOverdueGroups(this.postgres.db, untouchedSince, PAGE);
    for (const { accountId, region } of groups) await this.queues.track(accountId, region, 0);
    return groups.length;
  }

  private async releaseForgotten(untouchedSince: Date): Promise<number> {
    const forgotten = await this.instances.listForgotten(this.postgres.db, untouchedSince, PAGE);
    for (const request of forgotten) {
      const at = this.clock.now();
      if (await this.requests.amend(this.postgres.db, request, { waitingFor: null }, at))
        await this.entrance.enter(request);
    }
    return forgotten.length;
  }
}
