import type { ApiAnswer } from '../support/api-client.js';
import type { Secrets } from './secrets.js';

export interface CallOptions {
  readonly body?: unknown;
  /** Null sends none; left out, the caller's own. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The one place in an answer where a secret belongs, and the calls that may show it. */
const SHOWN_ONCE = /"(?:key|secret)":"((?:cvmk_|whsec_)[^"]+)"/;
const MAY_SHOW = /^POST \/v1\/(?:.+\/)?(?:api-keys|webhook-endpoints|rotate-secret)$/;

/** What a caller put into the path is no part of the answer. */
const LONG_SEGMENT = /\/[^/]{25,}/g;

/** Every answer that the run got, whole, but for the secrets that an answer shows once. */
export class Answers {
  readonly texts: string[] = [];
  private shown = 0;

  constructor(private readonly secrets: Secrets) {}

  /** What is shown once becomes one more secret, and may stand in no other place of the same answer either. */
  keep(call: string, status: number, headers: Headers, text: string): void {
    const secret = MAY_SHOW.test(call) && status < 300 ? SHOWN_ONCE.exec(text)?.[1] : undefined;
    if (secret !== undefined) this.plantShown(call, secret);
    const head = [...headers].map(([name, value]) => `${name}: ${value}`);
    this.texts.push(
      [
        call.replaceAll(LONG_SEGMENT, '/…'),
        String(status),
        ...head,
        secret === undefined ? text : text.replace(secret, ''),
      ].join('\n'),
    );
  }

  private plantShown(call: string, secret: string): void {
    const label = `secret no. ${++this.shown}, shown by ${call}`;
    this.secrets.plant(label, secret);
    const [kind = '', random = ''] = secret.split('_', 2);
    this.secrets.plant(`random part of ${label}`, random);
    if (kind === 'whsec') this.secrets.plant(`bytes of ${label}`, Buffer.from(random, 'base64'));
  }
}

/** Calls the service as one party, from an address of its own, and keeps what it is answered. */
export class RecordedCaller {
  constructor(
    private readonly url: string,
    private readonly answers: Answers,
    private readonly from: string,
    private readonly key: string | null,
  ) {}

  with(key: string): RecordedCaller {
    return new RecordedCaller(this.url, this.answers, this.from, key);
  }

  async call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    { body, key = this.key, headers = {} }: CallOptions = {},
  ): Promise<ApiAnswer<Body>> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        'x-forwarded-for': this.from,
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await textOf(answer);
    // The query is the caller's own word, and no part of the answer.
    this.answers.keep(`${method} ${path.split('?', 1)[0]}`, answer.status, answer.headers, text);
    const isJson = /json/.test(answer.headers.get('content-type') ?? '');
    return { status: answer.status, headers: answer.headers, body: (isJson ? JSON.parse(text) : text) as Body };
  }

  /** Calls what must be taken, and gives the answer's body. */
  async must<Body>(method: string, path: string, body?: unknown): Promise<Body> {
    const answer = await this.call<Body>(method, path, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Calls what must be refused. */
  async mustNot(method: string, path: string, options: CallOptions): Promise<void> {
    const { status } = await this.call(method, path, options);
    if (status < 400 || status >= 500) throw new Error(`${method} ${path} was to be refused, and got ${status}`);
  }
}

/** Of a stream only that it has begun. */
async function textOf(answer: Response): Promise<string> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') !== true) return answer.text();
  await answer.body?.cancel();
  return '';
}
