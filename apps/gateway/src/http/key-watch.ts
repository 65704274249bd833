import type { OnApplicationShutdown } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ApiKeyId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { Authenticator, KeyRefusal } from '#libs/tenants';
import type { AuthRefusals } from './auth-refusals.js';
import { refusalFor } from './key-refusal.js';

/** Half of the second within which a revocation holds everywhere. */
const LOOK_EVERY_MS = 500;

/** A key whose holder is still being answered. */
export interface WatchedKey {
  /** Aborts once the key opens nothing any more. */
  readonly ended: AbortSignal;
  /** Throws the refusal to answer with, once it is audited; does nothing while the key is in force. */
  refuseIfEnded(): Promise<void>;
  /** To be called when the answer is given. */
  stop(): void;
}

/**
 * Ends long answers (waits, streams) within a second of their key's revocation or expiry or its tenant's suspension: they
 * were let in once, and would otherwise go on to tell what the key may no longer see. One look a process and half second
 * for all of them together, and none while there are none. It asks the table, so it needs no message from the gateway
 * that revoked. An answer that ends so is a refusal, and is audited as one.
 */
export class KeyWatch implements OnApplicationShutdown {
  private readonly watched = new Map<ApiKeyId, Set<AbortController>>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly authenticator: Authenticator,
    private readonly refusals: AuthRefusals,
    private readonly log: Log,
  ) {}

  /** The key that `request` was let in with. */
  watch(request: FastifyRequest): WatchedKey {
    const end = new AbortController();
    const { holder } = request;
    if (holder === undefined) throw new Error('a request without a key is watched');
    // The operators' key stands in the environment: it ends with the process.
    if (holder.kind === 'operator')
      return { ended: end.signal, refuseIfEnded: async () => undefined, stop: () => undefined };

    const { apiKey } = holder;
    const others = this.watched.get(apiKey.id) ?? new Set();
    this.watched.set(apiKey.id, others.add(end));
    this.lookSoon();
    return {
      ended: end.signal,
      refuseIfEnded: async () => {
        if (!end.signal.aborted) return;
        const reason = end.signal.reason as KeyRefusal;
        await this.refusals.record(request, { reason, apiKey });
        throw refusalFor(reason);
      },
      stop: () => this.forget(apiKey.id, end),
    };
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
      for (const [id, reason] of refused) this.end(id, reason);
    } catch (error) {
      // The next look comes soon, and without the database nothing is told either.
      this.log.debug({ event: 'keys.not_looked_at', error });
    }
    this.stopLooking();
    if (this.watched.size > 0) this.lookSoon();
  }

  private end(id: ApiKeyId, reason: KeyRefusal): void {
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
