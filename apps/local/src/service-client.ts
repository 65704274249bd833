/** The service as its callers see it: HTTP and nothing else. */
export class ServiceClient {
  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** The answer, or undefined for one that is refused as unknown (401, 404); anything else that is no success throws. */
  async find<Answer>(path: string): Promise<Answer | undefined> {
    const response = await this.send('GET', path);
    if (response.status === 401 || response.status === 404) return undefined;
    return answerOf<Answer>(response, `GET ${path}`);
  }

  async post<Answer>(path: string, body: object): Promise<Answer> {
    return answerOf<Answer>(await this.send('POST', path, body), `POST ${path}`);
  }

  async patch<Answer>(path: string, body: object): Promise<Answer> {
    return answerOf<Answer>(await this.send('PATCH', path, body), `PATCH ${path}`);
  }

  private send(method: string, path: string, body?: object): Promise<Response> {
    return fetch(new URL(path, this.url), {
      method,
      headers: { authorization: `Bearer ${this.key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
  }
}

async function answerOf<Answer>(response: Response, call: string): Promise<Answer> {
  if (!response.ok) throw new Error(`${call} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
