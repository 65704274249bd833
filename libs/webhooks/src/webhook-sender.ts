import { Agent, type Dispatcher, request } from 'undici';
import { guardedConnect } from './guarded-connect.js';
import { describeSendError } from './send-error.js';
import { type DialPolicy, type Resolve, urlFault } from './webhook-url.js';

export interface SendSettings {
  readonly policy: DialPolicy;
  /** For all of it: name, connection, request, answer. */
  readonly timeoutMs: number;
}

/** What came back. `error` is null when the answer was complete, or reached the size that is kept. */
export interface SendResult {
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly responseBody: string | null;
  readonly retryAfter: string | undefined;
}

const BODY_BYTES_MAX = 20_000;

/**
 * Posts to addresses that tenants chose. Every address is judged when it is dialled, on the very look-up whose result is
 * dialled, so a name that changes between two look-ups gains nothing. Follows no redirect and uses no proxy.
 */
export class WebhookSender {
  private readonly agent: Agent;

  constructor(
    private readonly settings: SendSettings,
    resolve: Resolve,
  ) {
    // No bound on the connections to one host: behind it, attempts would wait for one another and time out unsent.
    this.agent = new Agent({
      connect: guardedConnect(settings.policy.allowed, settings.timeoutMs, resolve),
      pipelining: 1,
      allowH2: false,
    });
  }

  /** Never throws for what a receiver, its name or the network does: that is the result. */
  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<SendResult> {
    const fault = urlFault(url, this.settings.policy);
    if (fault !== null) return noAnswer(fault);
    const signal = AbortSignal.timeout(this.settings.timeoutMs);
    let answer: Dispatcher.ResponseData;
    try {
      answer = await heeding(signal, request(url, { method: 'POST', headers, body, dispatcher: this.agent, signal }));
    } catch (error) {
      return noAnswer(describeSendError(error, this.settings.timeoutMs));
    }
    return this.read(answer);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async read({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<SendResult> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let error: string | null = null;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        bytes += chunk.length;
        // Leaving the loop destroys the stream, and with it the connection: the rest is never read.
        if (bytes >= BODY_BYTES_MAX) break;
      }
    } catch (cause) {
      error = describeSendError(cause, this.settings.timeoutMs);
    }
    const retryAfter = headers['retry-after'];
    return {
      statusCode,
      error,
      responseBody: storableText(Buffer.concat(chunks).subarray(0, BODY_BYTES_MAX)),
      retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
    };
  }
}

/** undici heeds a signal only once its connection stands: name, connection and handshake would have a time of their own. */
function heeding<Result>(signal: AbortSignal, result: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    result.then(resolve, reject);
  });
}

function noAnswer(error: string): SendResult {
  return { statusCode: null, error, responseBody: null, retryAfter: undefined };
}

/** PostgreSQL keeps no NUL in a text. */
function storableText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\0', '\uFFFD');
}
