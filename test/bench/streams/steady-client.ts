import { StreamReader } from '../../support/stream-reader.js';

/** A client as it should be: it remembers the id of the last event, and comes back with it. */
export class SteadyClient {
  /** From the time that an event names to its arrival, of those that happened while it was connected. */
  readonly latenciesMs: number[] = [];
  private reader: StreamReader | null = null;
  private connectedAtMs = 0;
  private expected = 1;
  private lastEventId = '';
  private readonly wrong: string[] = [];

  constructor(
    private readonly url: string,
    private readonly key: string,
    readonly tenantId: string,
  ) {}

  /** The last sequence number that it saw. */
  get seen(): number {
    return this.expected - 1;
  }

  /** Every event that was not the one whose turn it was. */
  get faults(): readonly string[] {
    return this.wrong;
  }

  async connect(): Promise<void> {
    const { key, lastEventId } = this;
    const onMessage = ({ data }: { data: string }): void => this.take(data);
    this.reader = await StreamReader.open(this.url, { key, lastEventId, onMessage });
    this.connectedAtMs = Date.now();
    if (this.reader.status !== 200) this.wrong.push(`refused with ${this.reader.status}`);
  }

  cut(): void {
    if (this.reader === null) return;
    this.reader.cut();
    this.lastEventId = this.reader.lastEventId;
    this.reader = null;
  }

  private take(data: string): void {
    const { sequence, time } = JSON.parse(data) as { sequence: number; time: string };
    if (sequence !== this.expected) this.wrong.push(`got ${sequence} where ${this.expected} was next`);
    this.expected = sequence + 1;
    const happenedAtMs = Date.parse(time);
    if (happenedAtMs >= this.connectedAtMs) this.latenciesMs.push(Date.now() - happenedAtMs);
  }
}
