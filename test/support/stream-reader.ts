import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

export interface StreamMessage {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface StreamReaderOptions {
  readonly method?: string;
  readonly key?: string;
  readonly lastEventId?: string;
  /** Hears of each message as it comes, and keeps none where it is given. */
  readonly onMessage?: (message: StreamMessage) => void;
}

/** One connection to a stream, read as the HTML standard says; it does not come back by itself. */
export class StreamReader {
  readonly messages: StreamMessage[] = [];
  comments = 0;
  retryMs: number | null = null;
  /** What an EventSource would come back with. */
  lastEventId: string;
  /** Resolves when nothing more comes: whether the server ended the answer, or somebody the connection. */
  readonly ended: Promise<'finished' | 'cut'>;
  private rest = '';

  private constructor(
    private readonly answer: IncomingMessage,
    private readonly options: StreamReaderOptions,
  ) {
    this.lastEventId = options.lastEventId ?? '';
    this.ended = new Promise((resolve) => {
      answer.on('close', () => resolve(answer.complete ? 'finished' : 'cut'));
    });
    answer.on('error', () => undefined);
    answer.setEncoding('utf8').on('data', (text: string) => this.read(text));
  }

  /** Resolves with the head of the answer, whatever it says. */
  static async open(url: string, options: StreamReaderOptions = {}): Promise<StreamReader> {
    const { method = 'GET', key, lastEventId } = options;
    const headers = {
      accept: 'text/event-stream',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(lastEventId === undefined || lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
    };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { method, headers, agent: false }, resolve).on('error', reject).end();
    });
    return new StreamReader(answer, options);
  }

  get status(): number {
    return this.answer.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.answer.headers;
  }

  /** All text that is no message yet: the whole body, where the answer is no stream. */
  get text(): string {
    return this.rest;
  }

  get sequences(): readonly number[] {
    return this.messages.map(({ data }) => (JSON.parse(data) as { sequence: number }).sequence);
  }

  /** Reads nothing more, and leaves the connection open. */
  pause(): void {
    this.answer.pause();
  }

  /** Reads what came meanwhile, to the end. */
  async readOn(): Promise<'finished' | 'cut'> {
    this.answer.resume();
    return this.ended;
  }

  /** Leaves as a process does that is killed. */
  cut(): void {
    this.answer.destroy();
  }

  private read(text: string): void {
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) this.take(block);
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1;
      else fields.set(line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2));
    }
    const [id, data, retry] = [fields.get('id'), fields.get('data'), fields.get('retry')];
    if (retry !== undefined) this.retryMs = Number(retry);
    if (id !== undefined) this.lastEventId = id;
    if (data === undefined) return;
    const message = { id: this.lastEventId, event: fields.get('event') ?? 'message', data };
    if (this.options.onMessage === undefined) this.messages.push(message);
    else this.options.onMessage(message);
  }
}
