const WINDOW_MS = 60_000;
const ADDRESSES_MAX = 10_000;

interface Window {
  readonly openedAtMs: number;
  folded: number;
}

/**
 * Lets one refusal of each address and minute through, and counts the others. Anyone can be refused as often as they
 * like without holding anything, and each entry of a log that is never shortened costs us more than it costs them.
 *
 * Kept in this process alone: each process lets its own through, and what it counted last of an address that does not
 * come again, or before it stopped, is told by nobody. Of the addresses, the newest ones are remembered.
 */
export class RefusalFold {
  private readonly windows = new Map<string, Window>();

  /** Null when the refusal is folded; else how many of the address were folded since the last that was let through. */
  admit(address: string, now: Date): number | null {
    const window = this.windows.get(address);
    if (window !== undefined && now.getTime() - window.openedAtMs < WINDOW_MS) {
      window.folded += 1;
      return null;
    }
    this.windows.delete(address);
    this.windows.set(address, { openedAtMs: now.getTime(), folded: 0 });
    if (this.windows.size > ADDRESSES_MAX) this.forgetOldest();
    return window?.folded ?? 0;
  }

  /** The one that was let through could not be written down: the next one of the address takes its place. */
  readmit(address: string): void {
    this.windows.delete(address);
  }

  private forgetOldest(): void {
    const [oldest] = this.windows.keys();
    if (oldest !== undefined) this.windows.delete(oldest);
  }
}
