import type { Log } from '#libs/logging';

export interface SweepPlan {
  /** Names the sweep in log lines. */
  readonly name: string;
  /** From the end of one sweep to the start of the next. */
  readonly intervalMs: number;
  /** A sweep of many steps looks at `stopping` before each: once it is aborted, it leaves the rest to others. */
  readonly sweep: (stopping: AbortSignal) => Promise<unknown>;
}

/**
 * Sweeps again and again, never twice at once. A sweep that fails is logged, and the next one comes in its time: a
 * database that is away for a minute must not end the sweeping for good.
 */
export class TimedSweep {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private nudged = false;
  private readonly stopping = new AbortController();

  constructor(
    private readonly log: Log,
    private readonly plan: SweepPlan,
  ) {}

  /** Sweeps now; if a sweep is under way, once more after it, for it may have passed what has come since. */
  nudge(): void {
    if (this.stopping.signal.aborted) return;
    this.nudged = true;
    this.running ??= this.runWhileNudged();
  }

  /** Resolves when the sweep that is under way has ended. No other follows. */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  private async runWhileNudged(): Promise<void> {
    clearTimeout(this.timer);
    while (this.nudged && !this.stopping.signal.aborted) {
      this.nudged = false;
      await this.sweepOnce();
    }
    this.running = undefined;
    if (!this.stopping.signal.aborted) this.timer = setTimeout(() => this.nudge(), this.plan.intervalMs);
  }

  private async sweepOnce(): Promise<void> {
    try {
      await this.plan.sweep(this.stopping.signal);
    } catch (error) {
      this.log.error({ event: 'sweep.failed', sweep: this.plan.name, error });
    }
  }
}
