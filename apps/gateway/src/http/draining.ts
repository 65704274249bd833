/** Tells long answers to end, and load balancers to stop sending, once the process has been asked to stop. */
export class Draining {
  private readonly controller = new AbortController();

  /** Fires when the process begins to stop. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  begin(): void {
    this.controller.abort();
  }
}
