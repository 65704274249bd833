import type { ImageRequestId } from '#libs/ids';
import type { Wake } from '#libs/lanes';
import type { Log } from '#libs/logging';
import type { Queues } from '#libs/queues';

/** The job starts a little before its token may be used, so that loading and writing ahead cost the token no time. */
const AHEAD_MS = 110;

/**
 * Enqueues the job of a request whose turn is next, so that it looks up its name in time, and of one whose token comes
 * free. That one by a timer, for BullMQ itself would wake a delayed job up to 100 ms late. A wake that is lost with the
 * process is given again by the lane.
 */
export class LaneWaker {
  private readonly pending = new Map<NodeJS.Timeout, { readonly id: ImageRequestId; readonly dueAt: number }>();

  constructor(
    private readonly queues: Queues,
    private readonly log: Log,
  ) {}

  wake(wake: Wake): void {
    const id = wake.waiter as ImageRequestId;
    const waitMs = wake.kind === 'on_deck' ? 0 : Math.max(0, wake.inMs - AHEAD_MS);
    if (waitMs === 0) {
      void this.enqueue(id, 0);
      return;
    }
    const timer = setTimeout(() => {
      this.pending.delete(timer);
      void this.enqueue(id, 0);
    }, waitMs);
    this.pending.set(timer, { id, dueAt: performance.now() + waitMs });
  }

  /** Hands what is pending to the queue, which keeps it while this process is gone. */
  async close(): Promise<void> {
    const handed = [...this.pending].map(([timer, { id, dueAt }]) => {
      clearTimeout(timer);
      return this.enqueue(id, Math.max(0, Math.round(dueAt - performance.now())));
    });
    this.pending.clear();
    await Promise.all(handed);
  }

  private async enqueue(id: ImageRequestId, delayMs: number): Promise<void> {
    try {
      await this.queues.submit(id, delayMs);
    } catch (error) {
      this.log.warn({ event: 'image_request.not_woken', imageRequestId: id, error });
    }
  }
}
