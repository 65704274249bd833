import { AsyncLocalStorage } from 'node:async_hooks';
import { Agent as HttpAgent, type AgentOptions, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

/** The connections that all calls of a process share. */
export interface CloudAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/**
 * Agents that keep connections warm and note, for each call, whether anything of it can have left.
 *
 * They never cap the number of sockets: under a cap, answers that arrived in full turn into "premature close". How much
 * runs at once is the lanes' affair. Being given explicitly, they also keep the SDK from heeding `http_proxy`.
 *
 * An idle connection is dropped well before a server would, because a call written to one that is just being closed is
 * lost without anyone knowing whether it was read.
 */
export function createCloudAgents(options: Pick<AgentOptions, 'lookup'> = {}): CloudAgents {
  const warm = { ...options, keepAlive: true, maxSockets: Infinity, timeout: IDLE_MS };
  return { http: new TracedHttpAgent(warm), https: new TracedHttpsAgent(warm) };
}

/** For a connection in use this does nothing: the agent closes only what nobody uses. */
const IDLE_MS = 4_000;

/** What is known about the connection of one call. */
export class ConnectionTrace {
  /** True from the moment that bytes of the call may have left. */
  mayHaveSent = false;
  /** Why no connection could be made, as Node names it. The SDK loses it where a host has several addresses. */
  dialError: string | null = null;

  /** Told when the call has gone out over a connection that stood already: then its transit is short and known. */
  constructor(private readonly onSentWarm: () => void = () => undefined) {}

  /**
   * The call is being written to a connection that stood already. Only once the system has taken all of it can its transit
   * have begun, whatever kept this process from writing it sooner.
   */
  noteWarm(request: ClientRequest): void {
    this.mayHaveSent = true;
    request.once('finish', () => this.onSentWarm());
  }

  /** Runs a call whose agents will write to this trace. */
  follow<T>(call: () => Promise<T>): Promise<T> {
    return traces.run(this, call);
  }
}

const traces = new AsyncLocalStorage<ConnectionTrace>();

class TracedHttpAgent extends HttpAgent {
  override createConnection(...[options, callback]: Parameters<HttpAgent['createConnection']>): Dialled {
    forgetHeaders(options);
    return traced(super.createConnection(options, callback));
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    noteWarm(request);
    super.reuseSocket(socket, request);
  }
}

class TracedHttpsAgent extends HttpsAgent {
  override createConnection(...[options, callback]: Parameters<HttpsAgent['createConnection']>): Dialled {
    forgetHeaders(options);
    return traced(super.createConnection(options, callback));
  }

  override reuseSocket(socket: Duplex, request: ClientRequest): void {
    noteWarm(request);
    super.reuseSocket(socket, request);
  }
}

/**
 * A connection keeps the options that it was made with for as long as it stands, and Node puts the whole first request into
 * them: its signature, and the token of a temporary credential. None of that serves to connect.
 */
function forgetHeaders(options: object): void {
  Reflect.deleteProperty(options, 'headers');
}

type Dialled = Duplex | null | undefined;

/** Until TCP stands, nothing can have been sent. For TLS that is early, which errs on the side of "perhaps". */
function traced(socket: Dialled): Dialled {
  const trace = traces.getStore();
  if (!socket || !trace) return socket;
  trace.mayHaveSent = false;
  socket.once('connect', () => {
    trace.mayHaveSent = true;
  });
  socket.once('error', (error: NodeJS.ErrnoException) => {
    if (!trace.mayHaveSent) trace.dialError = error.code ?? 'no reason given';
  });
  return socket;
}

function noteWarm(request: ClientRequest): void {
  traces.getStore()?.noteWarm(request);
}
