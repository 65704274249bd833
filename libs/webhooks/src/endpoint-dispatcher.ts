import { performance } from 'node:perf_hooks';
import type { WebhookEndpointId } from '#libs/ids';
import type { Hints } from '#libs/redis';
import type { EndpointCalls } from './endpoint-calls.js';
import { Dispatch, type DispatchEnd, type DispatchParts } from './dispatch.js';

/** What became of a call to an endpoint. */
export type DispatchOutcome = DispatchEnd | { readonly kind: 'held' };

export interface DispatcherLimits {
  /** How many endpoints this process sends to at once. */
  readonly dispatchesMax: number;
  /** An endpoint with work without end leaves its slot after this long, where all slots are taken. */
  readonly turnMs?: number;
}

const TURN_MS = 10_000;

/**
 * Sends what is due, one worker at a time to each endpoint and any number of endpoints at once: what one of them does to its
 * attempts holds up nobody else's.
 */
export class EndpointDispatcher {
  private readonly running = new Map<WebhookEndpointId, Dispatch>();
  private readonly unsubscribe: () => void;
  private stopping = false;

  constructor(
    private readonly parts: DispatchParts,
    private readonly calls: EndpointCalls,
    private readonly hints: Hints,
    private readonly limits: DispatcherLimits,
  ) {
    this.unsubscribe = hints.on('webhook-endpoint-called', (id) => this.nudge(id as WebhookEndpointId));
  }

  /**
   * Sends everything that is due to the endpoint, and resolves when no more is. Safe to ask for any number of times and from
   * anywhere at once: whoever is sending already is told of it. What a worker that dies had under way is sent again by
   * the next.
   */
  async dispatch(endpointId: WebhookEndpointId): Promise<DispatchOutcome> {
    if (this.stopping) return this.callOthers(endpointId);
    if (this.nudge(endpointId)) return { kind: 'held' };
    const startedMs = performance.now();
    const turnMs = this.limits.turnMs ?? TURN_MS;
    const isTurnOver = (): boolean => performance.now() - startedMs >= turnMs;
    const isCrowded = (): boolean => this.running.size >= this.limits.dispatchesMax;
    const mustStop = (): boolean => this.stopping || (isCrowded() && isTurnOver());
    const dispatch = new Dispatch(endpointId, this.parts, mustStop);
    this.running.set(endpointId, dispatch);
    let end: DispatchOutcome;
    try {
      end = await this.runWhileNudged(endpointId, dispatch);
    } finally {
      // Ahead of what follows: a call that comes meanwhile must not take this for a dispatch that will look again.
      this.running.delete(endpointId);
    }
    await this.callForTheRest(endpointId, end);
    return end;
  }

  /** Begins no more attempts; `dispatch` resolves when those under way have ended. */
  stop(): void {
    this.stopping = true;
    this.unsubscribe();
    for (const dispatch of this.running.values()) dispatch.nudge();
  }

  private async runWhileNudged(endpointId: WebhookEndpointId, dispatch: Dispatch): Promise<DispatchOutcome> {
    let end: DispatchEnd;
    do {
      if (!(await this.parts.leases.take(endpointId))) return { kind: 'held' };
      end = await dispatch.run();
    } while (end.kind === 'drained' && dispatch.isNudged && !this.stopping);
    return end;
  }

  private async callForTheRest(endpointId: WebhookEndpointId, end: DispatchOutcome): Promise<void> {
    if (end.kind === 'held') await this.hints.give('webhook-endpoint-called', endpointId);
    if (end.kind === 'drained' && end.nextAt !== null) await this.calls.callAt(endpointId, end.nextAt);
    if (end.kind === 'interrupted') await this.calls.call([endpointId]);
  }

  private async callOthers(endpointId: WebhookEndpointId): Promise<DispatchOutcome> {
    await this.calls.call([endpointId]);
    return { kind: 'interrupted' };
  }

  private nudge(endpointId: WebhookEndpointId): boolean {
    const dispatch = this.running.get(endpointId);
    dispatch?.nudge();
    return dispatch !== undefined;
  }
}
