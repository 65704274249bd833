const WINDOW_MS = 60_000;
const OWN_ENTRIES_MAX = 20;
const WINDOWS_MAX = 10_000;

/** Refusals that have no entry of their own: how many, and the last of them. */
export interface Folded<Refusal> {
  readonly count: number;
  readonly last: Refusal;
}

interface Window<Refusal> {
  readonly opensAtMs: number;
  admitted: number;
  folded: Folded<Refusal> | null;
}

/**
 * Gives each of the first twenty refusals of a party in a minute an entry of its own, and counts the others until the
 * minute is over. Anyone can be refused as often as they like without holding anything, and each entry of a log that is
 * never shortened costs us more than it costs them.
 *
 * Kept in this process alone. A bounded number of parties is remembered, the newest ones; the window of one that is
 * forgotten closes early.
 */
export class RefusalFold<Refusal> {
  private readonly windows = new Map<string, Window<Refusal>>();
  private readonly closed: Folded<Refusal>[] = [];

  /** Whether the refusal gets an entry of its own; else it is counted. */
  admit(party: string, refusal: Refusal, now: Date): boolean {
    const window = this.openWindow(party, now);
    if (window.admitted < OWN_ENTRIES_MAX) {
      window.admitted += 1;
      return true;
    }
    window.folded = { count: (window.folded?.count ?? 0) + 1, last: refusal };
    return false;
  }

  /** An entry that was admitted could not be written down: the next refusal of the party takes its place. */
  readmit(party: string): void {
    const window = this.windows.get(party);
    if (window !== undefined && window.admitted > 0) window.admitted -= 1;
  }

  /** What was counted in windows that are over by now; each is told once. */
  takeClosed(now: Date): readonly Folded<Refusal>[] {
    for (const [party, window] of this.windows) {
      if (isOpen(window, now)) break;
      this.close(party, window);
    }
    return this.closed.splice(0);
  }

  /** All that was counted, for a process that is about to end. */
  takeAll(): readonly Folded<Refusal>[] {
    for (const [party, window] of this.windows) this.close(party, window);
    return this.closed.splice(0);
  }

  /** What was taken could not be written down: it is told again. */
  putBack(folded: readonly Folded<Refusal>[]): void {
    this.closed.push(...folded);
  }

  private openWindow(party: string, now: Date): Window<Refusal> {
    const present = this.windows.get(party);
    if (present !== undefined) {
      if (isOpen(present, now)) return present;
      this.close(party, present);
    }
    const window: Window<Refusal> = { opensAtMs: now.getTime(), admitted: 0, folded: null };
    this.windows.set(party, window);
    if (this.windows.size > WINDOWS_MAX) this.closeOldest();
    return window;
  }

  /** Windows stand in the order in which they opened. */
  private closeOldest(): void {
    for (const [party, window] of this.windows) {
      this.close(party, window);
      return;
    }
  }

  private close(party: string, window: Window<Refusal>): void {
    this.windows.delete(party);
    if (window.folded !== null) this.closed.push(window.folded);
  }
}

function isOpen({ opensAtMs }: { readonly opensAtMs: number }, now: Date): boolean {
  return now.getTime() - opensAtMs < WINDOW_MS;
}
