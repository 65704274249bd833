import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { EventSink, FollowFrom, SequencedEvent } from '#libs/events';
import type { EventFrames } from './event-frames.js';

/** Why a stream ended. */
export type StreamEnd = 'client_left' | 'key_ended' | 'gateway_stopped' | 'not_read';

/** Where a tenant's sequence begins, as the id of a stream that has nothing to go on behind yet. */
export const START = 'start' satisfies FollowFrom;

/**
 * What may wait for one client. The events of a burst are the same bytes for all streams of a tenant, so what a client
 * that is slow for a moment costs are references; old ones, which are read for it alone, come in smaller portions.
 */
const WAITING_BYTES_MAX = 1024 * 1024;
/** Clients that all lose their gateway at once come back spread over this time. */
const RETRY_FROM_MS = 2000;
const RETRY_SPREAD_MS = 3000;

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // Tells nginx, and what took the header over from it, to pass each event on at once.
  'x-accel-buffering': 'no',
  // Nothing follows a stream, so its connection need not wait for another request while the gateway stops.
  connection: 'close',
};

/** One answer that goes on: server-sent events, as the HTML standard has them. */
export class EventStream implements EventSink {
  private busySinceMs: number | null = null;
  private endedBy: StreamEnd | null = null;
  private eventsSent = 0;

  constructor(
    private readonly response: ServerResponse,
    private readonly frames: EventFrames,
    /** What the client would come back with. */
    private knownId: string | null,
  ) {
    response.on('drain', () => (this.busySinceMs = null));
  }

  get isBusy(): boolean {
    return this.busySinceMs !== null && this.isOpen;
  }

  get isFull(): boolean {
    return this.response.writableLength >= WAITING_BYTES_MAX;
  }

  get end(): StreamEnd | null {
    return this.endedBy;
  }

  get events(): number {
    return this.eventsSent;
  }

  /** `newId` is for clients that have none yet: with it they resume without a gap, though they were sent no event before. */
  begin(headers: OutgoingHttpHeaders, newId: string | null): void {
    this.response.writeHead(200, { ...headers, ...HEADERS });
    const retryMs = RETRY_FROM_MS + Math.round(Math.random() * RETRY_SPREAD_MS);
    this.knownId = newId ?? this.knownId;
    this.write(`retry: ${retryMs}\n${newId === null ? '' : `id: ${newId}\n`}\n`);
  }

  send(event: SequencedEvent): void {
    this.write(this.frames.of(event));
    this.knownId = event.id;
    this.eventsSent += 1;
  }

  async drained(): Promise<void> {
    if (!this.isBusy) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        this.response.off('drain', settle).off('close', settle);
        resolve();
      };
      this.response.on('drain', settle).on('close', settle);
    });
  }

  /**
   * Keeps what lies between from taking the connection for a dead one. Where events of other types went by, it carries the
   * place behind them, so that a client with a narrow filter does not come back with an id that is long gone.
   */
  beat(placeId: string | null): void {
    if (this.isBusy) return;
    const moved = placeId !== null && placeId !== this.knownId;
    if (moved) this.knownId = placeId;
    this.write(`${moved ? `id: ${placeId}\n\n` : ''}: keep-alive\n\n`);
  }

  /** Whether something has been waiting for the client all this time. */
  isUnreadFor(ms: number): boolean {
    return this.busySinceMs !== null && performance.now() - this.busySinceMs >= ms;
  }

  /** Ends the answer in good order; the client comes back. */
  finish(by: StreamEnd): void {
    this.endedBy ??= by;
    this.response.end();
  }

  /** Ends the connection with whatever is still waiting on it. */
  cut(by: StreamEnd): void {
    this.endedBy ??= by;
    this.response.destroy();
  }

  private get isOpen(): boolean {
    return !this.response.destroyed && !this.response.writableEnded;
  }

  private write(chunk: Buffer | string): void {
    if (!this.isOpen) return;
    if (!this.response.write(chunk)) this.busySinceMs ??= performance.now();
  }
}
