import { waitFor } from '#libs/testing';
import type { ApiClient } from './api-client.js';

export interface FeedEvent {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly source: string;
  readonly sequence: number;
  readonly data: { readonly imageRequest: { readonly id: string; readonly status: string } };
}

/** All events of a tenant so far, read from its feed as a consumer would: each page from behind the last. */
export class EventLog {
  private readonly events: FeedEvent[] = [];

  constructor(private readonly api: ApiClient) {}

  async read(): Promise<readonly FeedEvent[]> {
    for (;;) {
      const last = this.events.at(-1);
      const after = last === undefined ? '' : `&after=${last.id}`;
      const page = await this.api.read<{ data: FeedEvent[] }>(`/v1/events?limit=200${after}`);
      this.events.push(...page.data);
      if (page.data.length < 200) return this.events;
    }
  }

  /** The types of a subject's events in order, once one of its ends is among them. */
  async typesUntilEnd(subject: string): Promise<readonly string[]> {
    let types: string[] = [];
    await waitFor(
      async () => {
        types = (await this.read()).filter((event) => event.subject === subject).map((event) => event.type);
        return types.some((type) => /\.(succeeded|failed|canceled)$/.test(type));
      },
      { timeoutMs: 15_000, intervalMs: 20 },
    );
    return types;
  }
}
