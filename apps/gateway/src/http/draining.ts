import type { FastifyInstance } from 'fastify';

/** Tells long answers to end, and load balancers to stop sending, once the process has been asked to stop. */
export class Draining {
  private readonly controller = new AbortController();

  /** Fires when the process begins to stop. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** An answer that is given while the process stops is the last one of its connection. */
  follow(server: FastifyInstance): void {
    server.addHook('onSend', (_request, reply, payload, done) => {
      if (this.signal.aborted) void reply.header('connection', 'close');
      done(null, payload);
    });
  }

  begin(): void {
    this.controller.abort();
  }
}
