import type { Redis } from 'ioredis';

/** What may have changed. A hint carries no data and may be lost: whoever acts on it reads the table, and sweeps it too. */
export type HintTopic =
  'events-appended' | 'events-sequenced' | 'image-requests-changed' | 'credentials-judged' | 'webhook-endpoint-called';

const CHANNEL = 'hints:';

/** "Look again" across processes, by Redis pub/sub. */
export class Hints {
  private readonly listeners = new Map<HintTopic, Set<(subject: string) => void>>();

  constructor(
    private readonly publisher: Redis,
    private readonly subscriber: Redis,
  ) {
    subscriber.on('message', (channel: string, subject: string) => {
      for (const listener of this.listeners.get(channel.slice(CHANNEL.length) as HintTopic) ?? []) listener(subject);
    });
  }

  /** Never throws: a hint that can't be given is a hint that was lost. */
  async give(topic: HintTopic, subject = ''): Promise<void> {
    await this.publisher.publish(`${CHANNEL}${topic}`, subject).catch(() => undefined);
  }

  /** Calls `listener` for each hint of the topic until the returned function is called. */
  on(topic: HintTopic, listener: (subject: string) => void): () => void {
    const listeners = this.listeners.get(topic) ?? new Set();
    this.listeners.set(topic, listeners);
    if (listeners.size === 0) void this.subscriber.subscribe(`${CHANNEL}${topic}`).catch(() => undefined);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }
}
