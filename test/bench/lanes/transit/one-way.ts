import type { Socket } from 'node:net';

/**
 * One direction of one connection. Each message takes a time of its own on the way, and what was written first arrives
 * first.
 */
export class OneWay {
  private readonly underway: { readonly dueAt: number; readonly arrive: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastDueAt = 0;

  constructor(private readonly to: Socket) {}

  send(chunk: Buffer, delayMs: number, onArrival: () => void = () => undefined): void {
    this.after(delayMs, () => {
      if (this.to.writable) this.to.write(chunk);
      onArrival();
    });
  }

  /** Everything sent before still arrives. */
  end(): void {
    this.after(0, () => this.to.end());
  }

  private after(delayMs: number, arrive: () => void): void {
    const dueAt = Math.max(this.lastDueAt, performance.now() + delayMs);
    this.lastDueAt = dueAt;
    this.underway.push({ dueAt, arrive });
    if (this.timer === undefined) this.deliver();
  }

  private deliver(): void {
    this.timer = undefined;
    for (let next = this.underway[0]; next !== undefined; next = this.underway[0]) {
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.deliver(), Math.ceil(waitMs));
        return;
      }
      this.underway.shift();
      next.arrive();
    }
  }
}
