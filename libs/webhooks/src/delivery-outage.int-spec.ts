import type { ServerResponse } from 'node:http';
import type { Caller } from '#libs/tenants';
import type { ReceivedRequest } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

const MINUTE_MS = 60_000;
const DEFAULT_SCHEDULE_MS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400].map(
  (seconds) => seconds * 1000,
);
const LIFE = ['image_request.queued', 'image_request.submitted', 'image_request.succeeded'] as const;

interface Arrival {
  readonly webhookId: string;
  readonly subject: string;
  readonly sequence: number;
}

type Mood = 'down' | 'flaky' | 'gone' | 'well';

/** The same numbers in every run: a failure can be looked into. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

/** Keeps what it has taken, also where its answer is lost: what it answers with an error it has not. */
class Receiver {
  mood: Mood = 'down';
  readonly arrivals: Arrival[] = [];
  private readonly random = seeded(26);

  answer(response: ServerResponse, { headers, body }: ReceivedRequest): void {
    const chance = this.random();
    if (this.mood === 'gone') return void response.writeHead(410).end();
    if (this.mood === 'down' || (this.mood === 'flaky' && chance < 0.2)) return void response.writeHead(503).end();
    const { subject, sequence } = JSON.parse(body) as Arrival;
    this.arrivals.push({ webhookId: String(headers['webhook-id']), subject, sequence });
    if (this.mood === 'flaky' && chance < 0.25) response.destroy();
    else response.writeHead(204).end();
  }
}

describe('A receiver that was away', () => {
  let stack: WebhookStack;
  let caller: Caller;
  let made: Awaited<ReturnType<WebhookStack['endpointAt']>>;
  const receiver = new Receiver();

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 6, retryScheduleMs: DEFAULT_SCHEDULE_MS });
    caller = await stack.newCaller();
    const { url } = await stack.receiver((response, request) => receiver.answer(response, request));
    made = await stack.endpointAt(caller, url);
    await outage();
  }, 120_000);
  afterAll(() => stack.stop());

  const endpointStatus = async () => (await stack.tenantSide.endpoints.get(caller.tenantId, made.endpoint.id)).status;
  const sequences = async (): Promise<readonly number[]> => {
    const numbers: number[] = [];
    for (;;) {
      const page = await stack.database.postgres.asTenant(caller.tenantId, (tx) =>
        stack.feed.listIn(tx, caller.tenantId, { afterSequence: numbers.at(-1) ?? 0, limit: 200 }),
      );
      numbers.push(...page.map(({ sequence }) => sequence));
      if (page.length < 200) return numbers;
    }
  };

  /** Time passes; in every quarter of an hour a request gets on by one step, and what is due is sent. */
  async function live(quarters: number, from: number): Promise<void> {
    for (let quarter = from; quarter < from + quarters; quarter += 1) {
      for (const [behind, type] of LIFE.entries()) {
        if (quarter - behind >= 0) await stack.happen(caller, `ireq_${quarter - behind}`, { type });
      }
      // A worker wakes when the circuit's pause is over, so some times in a quarter.
      for (let minute = 0; minute < 15; minute += 5) {
        await stack.dispatch(made);
        stack.clock.advance(5 * MINUTE_MS);
      }
    }
  }

  /** Down for 26 hours, flaky, disabled, enabled again, and one replay. */
  async function outage(): Promise<void> {
    await live(26 * 4, 0);
    expect(receiver.arrivals).toEqual([]);
    expect(await endpointStatus()).toBe('enabled');

    receiver.mood = 'flaky';
    await live(8, 104);
    receiver.mood = 'gone';
    await live(2, 112);
    expect(await endpointStatus()).toBe('disabled');
    receiver.mood = 'flaky';
    await live(4, 114);
    const missing = (await sequences()).length - new Set(receiver.arrivals.map(({ sequence }) => sequence)).size;
    expect(missing).toBeGreaterThan(5);

    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'enabled' });
    await live(1, 118);
    const { count } = await stack.tenantSide.resending.replay(caller, made.endpoint.id, {});
    expect(count).toBeGreaterThan(0);
    await live(4, 119);
    receiver.mood = 'well';
    let end = await stack.dispatch(made);
    while (end.kind === 'drained' && end.nextAt !== null) {
      stack.clock.advance(Math.max(0, end.nextAt.getTime() - stack.clock.now().getTime()));
      end = await stack.dispatch(made);
    }
  }

  it('has every event after one replay, though it was down for 26 hours, flaky, and disabled', async () => {
    const arrived = new Set(receiver.arrivals.map(({ sequence }) => sequence));
    expect((await sequences()).filter((sequence) => !arrived.has(sequence))).toEqual([]);
    expect(arrived.size).toBe((await sequences()).at(-1));
  });

  it('has had the events of each request in their order, whatever came between', () => {
    expect(receiver.arrivals.length).toBeGreaterThan(100);
    const newest = new Map<string, number>();
    const seen = new Set<number>();
    const inversions = receiver.arrivals.filter(({ subject, sequence }) => {
      const isInverted = !seen.has(sequence) && sequence < (newest.get(subject) ?? 0);
      seen.add(sequence);
      newest.set(subject, Math.max(sequence, newest.get(subject) ?? 0));
      return isInverted;
    });
    expect(inversions).toEqual([]);
  });

  it('knows what came twice by its webhook-id', () => {
    const bySequence = Map.groupBy(receiver.arrivals, ({ sequence }) => sequence);
    const repeated = [...bySequence.values()].filter((arrivals) => arrivals.length > 1);
    expect(repeated.length).toBeGreaterThan(0);
    for (const arrivals of bySequence.values())
      expect(new Set(arrivals.map(({ webhookId }) => webhookId)).size).toBe(1);
    expect(new Set(receiver.arrivals.map(({ webhookId }) => webhookId)).size).toBe(bySequence.size);
  });
});
