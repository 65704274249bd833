import type { OnApplicationShutdown } from '@nestjs/common';
import type { AppError } from '#libs/errors';
import type { ApiKeyId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { Authenticator } from '#libs/tenants';
import type { KeyHolder } from './key-holder.js';
import { refusalFor } from './key-refusal.js';

/** Half of the second within which a revocation holds everywhere. */
const LOOK_EVERY_MS = 500;

/** A key whose holder is still being answered. */
export interface WatchedKey {
  /** Aborts once the key opens nothing any more; the reason is the refusal to answer with. */
  readonly ended: AbortSignal;
  /** To be called when the answer is given. */
  stop(): void;
}

/**
 * Ends long answers (waits, streams) within a second of their key's revocation or expiry or its tenant's suspension: they
 * were let in once, and would otherwise go on to tell what the key may no longer see. One look a process and half second
 * for all of them together, and none while there are none. It asks the table, so it needs no message from the gateway
 * that revoked.
 */
export class KeyWatch implements OnApplicationShutdown {
  private readonly watched = new Map<ApiKeyId, Set<AbortController>>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly log: Log,
  ) {}

  watch(holder: KeyHolder): WatchedKey {
    const end = new AbortController();
    // The operators' key stands in the environment: it ends with the process.
    if (holder.kind === 'operator') return { ended: end.signal, stop: () => undefined };

    const { id } = holder.apiKey;
    const others = this.watched.get(id) ?? new Set();
    this.watched.set(id, others.add(end));
    this.lookSoon();
    return { ended: end.signal, stop: () => this.forget(id, end) };
  }

  onApplicationShutdown(): void {
    this.watched.clear();
    this.stopLooking();
  }

  private lookSoon(): void {
    this.timer ??= setTimeout(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  private stopLooking(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private async look(): Promise<void> {
    try {
      const refused = await this.authenticator.refusedSince([...this.watched.keys()]);
      for (const [id, reason] of refused) this.end(id, refusalFor(reason));
    } catch (error) {
      // The next look comes soon, and without the database nothing is told either.
      this.log.debug({ event: 'keys.not_looked_at', error });
    }
    this.stopLooking();
    if (this.watched.size > 0) this.lookSoon();
  }

  private end(id: ApiKeyId, reason: AppError): void {
    for (const answer of this.watched.get(id) ?? []) answer.abort(reason);
    this.watched.delete(id);
  }

  private forget(id: ApiKeyId, end: AbortController): void {
    const answers = this.watched.get(id);
    answers?.delete(end);
    if (answers?.size === 0) this.watched.delete(id);
    if (this.watched.size === 0) this.stopLooking();
  }
}
