import type { ServiceEvent } from './verify.ts';

export interface Page {
  readonly data: readonly ServiceEvent[];
  readonly nextCursor: string | null;
}

/** The service's list of all events of a tenant. The key needs the scope `images:read`. */
export class Feed {
  readonly #serviceUrl: string;
  readonly #apiKey: string;

  constructor(serviceUrl: string, apiKey: string) {
    this.#serviceUrl = serviceUrl;
    this.#apiKey = apiKey;
  }

  /** Oldest first. Without an id, or with one that is too old to be kept, from the oldest event that is kept. */
  async after(id: string | null, signal: AbortSignal): Promise<Page> {
    const url = new URL('/v1/events?limit=200', this.#serviceUrl);
    if (id !== null) url.searchParams.set('after', id);
    const answer = await fetch(url, {
      headers: { authorization: `Bearer ${this.#apiKey}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
    });
    if (answer.status === 404 && id !== null) return this.after(null, signal);
    if (!answer.ok) throw new Error(`GET ${url.pathname}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Page;
  }
}
