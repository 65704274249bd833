import type { Hints } from '#libs/redis';

/** Wakes those who wait for a request to change. One subscription serves any number of them. */
export class RequestChanges {
  private readonly waiting = new Map<string, Set<() => void>>();

  constructor(hints: Hints) {
    hints.on('image-requests-changed', (id) => {
      for (const wake of this.waiting.get(id) ?? []) wake();
    });
  }

  /** `arrived` resolves at the next change of the request, after `atMostMs`, or when `signal` fires; it never rejects. */
  next(id: string, atMostMs: number, signal: AbortSignal): { readonly arrived: Promise<void>; cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiters = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, waiters);

    const timer = setTimeout(wake, atMostMs);
    const waiting = this.waiting;
    waiters.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
    return { arrived: promise, cancel: wake };

    function wake(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      waiters.delete(wake);
      if (waiters.size === 0 && waiting.get(id) === waiters) waiting.delete(id);
      resolve();
    }
  }
}
