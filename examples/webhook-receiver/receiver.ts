import type { Feed } from './feed.ts';
import type { Handler, Inbox } from './inbox.ts';

const RETRY_MS = 5000;

/** Brings the inbox up to date where something is missing, and has its events handled; one run at a time. */
export class Receiver {
  readonly #inbox: Inbox;
  readonly #feed: Feed;
  readonly #handle: Handler;
  readonly #stopping = new AbortController();
  #behind = false;
  #woken = false;
  #running: Promise<void> | null = null;

  constructor(inbox: Inbox, feed: Feed, handle: Handler) {
    this.#inbox = inbox;
    this.#feed = feed;
    this.#handle = handle;
  }

  /** Asks the feed for what came while nobody listened. */
  catchUp(): void {
    this.#behind = true;
    this.wake();
  }

  /** Call it after each event that was added, once the service has its answer: the work is done here and now. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    this.#woken = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#woken) this.wake();
    });
  }

  /** Resolves once nothing runs any more. What is left over is done by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    this.#woken = false;
    const failures: unknown[] = [];
    try {
      if (this.#behind || this.#inbox.hasGap()) await this.#readFeed().catch((error: unknown) => failures.push(error));
      failures.push(...this.#inbox.handleAll(this.#handle));
    } catch (error) {
      failures.push(error);
    }
    if (failures.length === 0 || this.#stopping.signal.aborted) return;
    for (const failure of failures) console.error(failure);
    setTimeout(() => this.wake(), RETRY_MS).unref();
  }

  async #readFeed(): Promise<void> {
    this.#behind = true;
    let more = true;
    while (more) {
      const { data, nextCursor } = await this.#feed.after(this.#inbox.mark().id, this.#stopping.signal);
      this.#inbox.addPage(data);
      more = nextCursor !== null;
    }
    this.#behind = false;
  }
}
