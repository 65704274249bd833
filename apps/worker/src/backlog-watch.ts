const BEHIND_AFTER_MS = 500;

/**
 * Tells whether this process is behind with a queue: there has been a next job for it whenever it looked, for a while.
 * By its own clock alone, for the clocks of those who enqueue may differ.
 */
export class BacklogWatch {
  private busySinceMs: number | null = null;

  noteJob(): void {
    this.busySinceMs ??= performance.now();
  }

  noteEmpty(): void {
    this.busySinceMs = null;
  }

  isBehind(): boolean {
    return this.busySinceMs !== null && performance.now() - this.busySinceMs > BEHIND_AFTER_MS;
  }
}
