import { EventEmitter } from 'node:events';
import type { Agent } from 'node:http';
import type { AbstractClient, ClientConfig } from 'tencentcloud-sdk-nodejs-common';
import sdkException from 'tencentcloud-sdk-nodejs-common/tencentcloud/common/exception/tencent_cloud_sdk_exception.js';
import type { Secret } from '#libs/secret';
import { type CloudAgents, ConnectionTrace } from './cloud-agents.js';
import type { Endpoint } from './endpoints.js';

export interface CloudCredential {
  readonly secretId: Secret;
  readonly secretKey: Secret;
  /** Only temporary credentials have one. */
  readonly token: Secret | null;
}

/** One call of one action, with all it takes to make it. */
export interface CloudCall {
  /** The SDK's client for the product, made for this call alone: region and credential are fixed in it. */
  readonly client: (config: ClientConfig) => AbstractClient;
  readonly action: string;
  readonly endpoint: Endpoint;
  readonly region: string;
  readonly credential: CloudCredential;
  readonly parameters: object;
  readonly traceId: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onSentWarm?: (() => void) | undefined;
}

/** What came of a call, before anybody asks what it means. */
export type CloudAnswer =
  | { readonly kind: 'answered'; readonly body: Readonly<Record<string, unknown>>; readonly requestId: string | null }
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly requestId: string | null }
  | { readonly kind: 'broken'; readonly cause: string; readonly mayHaveSent: boolean };

/**
 * Makes one call through the SDK and never throws for what happens on the way. Takes at most `timeoutMs` from first to
 * last byte; the SDK's own timeout counts headers and body apart, and not the time before a connection stands.
 *
 * Nothing in the answer holds a part of the credential, nor a URL.
 */
export async function callCloud(call: CloudCall, agents: CloudAgents, timeoutMs: number): Promise<CloudAnswer> {
  const trace = new ConnectionTrace(call.onSentWarm);
  const agent = new SingleUseAgent(call.endpoint.protocol === 'http:' ? agents.http : agents.https, trace);
  const client = call.client(clientConfig(call, agent));
  const stop = new Stop(timeoutMs, call.signal);
  const options = {
    headers: call.traceId === undefined ? {} : { 'X-TC-TraceId': call.traceId },
    signal: stop.signal,
  };

  try {
    const request = () => client.request(call.action, call.parameters, options) as Promise<unknown>;
    const body = await stop.race(() => trace.follow(request));
    listenForErrors(body);
    if (!isRecord(body)) return broken('the answer holds no response');
    return { kind: 'answered', body, requestId: requestIdOf(body['RequestId']) };
  } catch (error) {
    if (stop.reason !== null) return broken(stop.reason);
    if (agent.wasAskedTwice) return broken('the answer was a redirect');
    if (isApiError(error))
      return {
        kind: 'error',
        code: error.code,
        message: redact(String(error.message), call.credential),
        requestId: requestIdOf(error.requestId),
      };
    if (trace.dialError !== null) return broken(`no connection: ${trace.dialError}`);
    return broken(trace.mayHaveSent ? causeOf(error) : 'the call cannot be written as HTTP');
  } finally {
    stop.end();
  }

  function broken(cause: string): CloudAnswer {
    return { kind: 'broken', cause, mayHaveSent: trace.mayHaveSent };
  }
}

function clientConfig({ endpoint, region, credential }: CloudCall, agent: SingleUseAgent): ClientConfig {
  const secretId = credential.secretId.reveal();
  const secretKey = credential.secretKey.reveal();
  // The SDK would sign with an empty key and send the call.
  if (secretId === '' || secretKey === '') throw new Error('a credential has an id and a key');
  return {
    credential: { secretId, secretKey, ...(credential.token !== null && { token: credential.token.reveal() }) },
    region,
    profile: {
      signMethod: 'TC3-HMAC-SHA256',
      language: 'en-US',
      httpProfile: {
        endpoint: endpoint.host,
        protocol: `${endpoint.protocol}//`,
        reqMethod: 'POST',
        reqTimeout: 0,
        agent: agent.forSdk(),
      },
    },
  };
}

/**
 * Lends the shared agent for one request and refuses the second, which could only be a redirect being followed. That
 * would carry `X-TC-Token` to whatever host the redirect names, or order the image twice.
 */
class SingleUseAgent {
  wasAskedTwice = false;
  private wasAsked = false;

  constructor(
    private readonly agent: Agent,
    private readonly trace: ConnectionTrace,
  ) {}

  /** The SDK hands this to node-fetch as it is, which asks it for an agent before each request, redirects included. */
  forSdk(): Agent {
    return (() => this.lend()) as unknown as Agent;
  }

  private lend(): Agent {
    if (this.wasAsked) {
      this.wasAskedTwice = true;
      throw new Error('redirects are not followed');
    }
    this.wasAsked = true;
    // From here on only an agent that takes notes can tell that nothing was sent.
    this.trace.mayHaveSent = true;
    return this.agent;
  }
}

/** Ends a call when its time is up or its caller gives up, whatever state the SDK is in. */
class Stop {
  reason: string | null = null;
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly giveUp = () => this.now('given up by the caller');

  constructor(
    timeoutMs: number,
    private readonly callerSignal: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => this.now(`no full answer within ${timeoutMs} ms`), timeoutMs);
    if (callerSignal?.aborted) this.giveUp();
    callerSignal?.addEventListener('abort', this.giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async race<T>(call: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const stopped = new Promise<never>((_resolve, reject) => {
      this.signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
    });
    return Promise.race([call(), stopped]);
  }

  /** Also lets go of an answer that nobody read to its end, which would hold its connection for ever. */
  end(): void {
    clearTimeout(this.timer);
    this.callerSignal?.removeEventListener('abort', this.giveUp);
    this.controller.abort();
  }

  private now(reason: string): void {
    this.reason ??= reason;
    this.controller.abort();
  }
}

/**
 * An event stream is handed over by the SDK while it still runs, and nobody listens to it. When it then breaks, or is
 * let go of, its errors would end this process.
 */
function listenForErrors(body: unknown): void {
  if (!isRecord(body)) return;
  for (const part of Object.values(body)) if (part instanceof EventEmitter) part.on('error', () => undefined);
}

type SdkError = InstanceType<typeof sdkException.default>;

/** Only the cloud's own word counts: other failures have codes too, such as `ERR_STREAM_PREMATURE_CLOSE`. */
function isApiError(error: unknown): error is SdkError & { code: string } {
  return (
    error instanceof sdkException.default && typeof error.code === 'string' && /^[A-Z][A-Za-z0-9_.]*$/.test(error.code)
  );
}

/** Says what went wrong in our words, never in the error's: those may quote a URL or whatever the other side sent. */
function causeOf(error: unknown): string {
  const { httpCode, type, code, message } = error as {
    httpCode?: number;
    type?: string;
    code?: string;
    message?: string;
  };
  if (httpCode !== undefined) return `HTTP status ${httpCode}`;
  if (type === 'invalid-json') return 'the answer is not JSON';
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return 'the answer broke off';
  if (error instanceof sdkException.default && error.code === undefined) {
    const errno = /\b(E[A-Z]{3,}|HPE_[A-Z_]+|socket hang up)\b/.exec(message ?? '')?.[1];
    return errno === undefined ? 'the connection broke' : `the connection broke: ${errno}`;
  }
  return 'the answer makes no sense';
}

function redact(text: string, { secretId, secretKey, token }: CloudCredential): string {
  return [secretId, secretKey, token]
    .map((secret) => secret?.reveal() ?? '')
    .filter((value) => value !== '')
    .reduce((clean, value) => clean.replaceAll(value, '[secret]'), text);
}

function requestIdOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
