import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventTails, EventType, Following, FollowFrom } from '#libs/events';
import type { TenantId } from '#libs/ids';
import type { Log } from '#libs/logging';
import type { KeyRefusal } from '#libs/tenants';
import type { Draining } from '../http/draining.js';
import { refusalFor } from '../http/key-refusal.js';
import type { KeyWatch, WatchedKey } from '../http/key-watch.js';
import { EventFrames } from './event-frames.js';
import { EventStream, START } from './event-stream.js';
import { StreamsUnavailable, TooManyStreams } from './event-streams.errors.js';

export interface StreamRequest {
  readonly tenantId: TenantId;
  readonly from: FollowFrom;
  readonly types: readonly EventType[] | undefined;
}

export interface StreamOptions {
  readonly beatEveryMs?: number;
  readonly unreadMaxMs?: number;
  readonly streamsMax?: number;
  readonly streamsOfTenantMax?: number;
}

const BEAT_EVERY_MS = 15_000;
/** Looked at with every beat: a client that reads nothing is let go of after this time and at most one beat more. */
const UNREAD_MAX_MS = 30_000;
const STREAMS_MAX = 2000;
/** A tenant may well have a thousand; no tenant has all of them. */
const STREAMS_OF_TENANT_MAX = 1200;
/** How long an answer that was ended may take to go out to a slow client while the gateway stops. */
const FINISH_MAX_MS = 2000;

interface OpenStream {
  readonly stream: EventStream;
  readonly following: Following;
}

/** Every stream of this gateway: lets them in, keeps them alive and lets go of each once nobody reads it or may read it. */
export class EventStreams {
  private readonly frames = new EventFrames();
  private readonly open = new Set<OpenStream>();
  private readonly admitted = new Map<TenantId, number>();
  private admittedCount = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly options: Required<StreamOptions>;

  constructor(
    private readonly tails: EventTails,
    private readonly draining: Draining,
    private readonly keys: KeyWatch,
    private readonly log: Log,
    options: StreamOptions = {},
  ) {
    this.options = {
      beatEveryMs: BEAT_EVERY_MS,
      unreadMaxMs: UNREAD_MAX_MS,
      streamsMax: STREAMS_MAX,
      streamsOfTenantMax: STREAMS_OF_TENANT_MAX,
      ...options,
    };
    draining.signal.addEventListener('abort', () => this.finishAll(), { once: true });
  }

  /** Resolves once the stream has begun. Throws, and has sent nothing, where it can't begin. */
  async begin(request: FastifyRequest, reply: FastifyReply, { tenantId, from, types }: StreamRequest): Promise<void> {
    const dismiss = this.admit(tenantId);
    try {
      const start = await this.tails.locate(tenantId, from);
      if (this.draining.signal.aborted) throw new StreamsUnavailable('the gateway stops');
      reply.hijack();
      // A client that left meanwhile has closed the answer already, and would never be noticed to leave.
      if (reply.raw.destroyed || reply.raw.closed) return dismiss();

      reply.raw.once('close', dismiss);
      const stream = new EventStream(reply.raw, this.frames, start.place.id);
      stream.begin(reply.getHeaders() as OutgoingHttpHeaders, from === 'now' ? (start.place.id ?? START) : null);
      if (request.method === 'HEAD') return stream.finish('client_left');
      this.keepOpen(request, reply, stream, this.tails.follow(tenantId, start, types, stream));
    } catch (error) {
      dismiss();
      throw error;
    }
  }

  /** Takes a place, or throws. The place is free again once the returned function has been called. */
  private admit(tenantId: TenantId): () => void {
    const { streamsMax, streamsOfTenantMax } = this.options;
    const ofTenant = this.admitted.get(tenantId) ?? 0;
    if (this.draining.signal.aborted) throw new StreamsUnavailable('the gateway stops');
    if (this.admittedCount >= streamsMax) throw new StreamsUnavailable('the gateway has as many streams as it takes');
    if (ofTenant >= streamsOfTenantMax) throw new TooManyStreams(streamsOfTenantMax);
    this.admitted.set(tenantId, ofTenant + 1);
    this.admittedCount += 1;

    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      this.admittedCount -= 1;
      const left = (this.admitted.get(tenantId) ?? 1) - 1;
      if (left === 0) this.admitted.delete(tenantId);
      else this.admitted.set(tenantId, left);
    };
  }

  private keepOpen(request: FastifyRequest, reply: FastifyReply, stream: EventStream, following: Following): void {
    const key = this.keys.watch(request);
    const member = { stream, following };
    this.open.add(member);
    this.timer ??= setInterval(() => this.beat(), this.options.beatEveryMs).unref();
    key.ended.addEventListener('abort', () => void this.refuse(request, key, member), { once: true });
    reply.raw.once('close', () => {
      following.stop();
      key.stop();
      this.open.delete(member);
      if (this.open.size === 0) this.stopBeating();
      this.writeLine(request, reply, stream);
    });
  }

  /** Nothing more is told from here on, however long the audit takes. */
  private async refuse(request: FastifyRequest, key: WatchedKey, { stream, following }: OpenStream): Promise<void> {
    following.stop();
    const refusal = refusalFor(key.ended.reason as KeyRefusal);
    request.failure = { code: refusal.code, error: undefined };
    // What is still waiting for a slow client is not for this key any more either.
    if (stream.isBusy) stream.cut('key_ended');
    else stream.finish('key_ended');
    // Nor does a client that takes not even the end keep its place.
    setTimeout(() => stream.cut('key_ended'), FINISH_MAX_MS).unref();
    try {
      await key.refuseIfEnded();
    } catch (error) {
      if (error instanceof refusal.constructor) return;
      this.log.warn({ event: 'event_stream.refusal_not_audited', request_id: request.id, error });
    }
  }

  private beat(): void {
    for (const { stream, following } of this.open) {
      if (stream.isUnreadFor(this.options.unreadMaxMs)) stream.cut('not_read');
      else stream.beat(following.place.id);
    }
  }

  private stopBeating(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  private finishAll(): void {
    for (const { stream, following } of this.open) {
      following.stop();
      stream.finish('gateway_stopped');
    }
    setTimeout(() => {
      for (const { stream } of this.open) stream.cut('gateway_stopped');
    }, FINISH_MAX_MS).unref();
  }

  private writeLine(request: FastifyRequest, reply: FastifyReply, stream: EventStream): void {
    const { holder } = request;
    this.log.info({
      event: 'event_stream.ended',
      request_id: request.id,
      tenant_id: holder?.kind === 'tenant' ? holder.caller.tenantId : null,
      api_key_id: holder?.kind === 'tenant' ? holder.apiKey.id : null,
      outcome: stream.end ?? 'client_left',
      events: stream.events,
      duration_ms: Math.round(reply.elapsedTime),
    });
  }
}
