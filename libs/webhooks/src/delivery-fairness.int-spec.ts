import type { DeliveryId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

const SUBJECTS = 60;
const IN_FLIGHT_MAX = 10;

describe('Fairness between endpoints', () => {
  let stack: WebhookStack;
  let caller: Caller;
  let answers: (() => void)[];

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 13, timeoutMs: 30_000 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
    answers = [];
    const { url } = await stack.receiver((response) => answers.push(() => response.writeHead(204).end()));
    await stack.endpointAt(caller, url);
  });

  afterAll(() => stack.stop());

  /** Asks for all of them at once, and gives the attempts when no other can begin. */
  async function attemptAll(ids: readonly DeliveryId[]) {
    let refused = 0;
    const attempts = ids.map(async (id) => {
      const outcome = await stack.attempt(id);
      if (outcome.kind === 'not_due') refused += 1;
      return outcome;
    });
    await waitFor(() => answers.length + refused === ids.length);
    return attempts;
  }

  it('keeps ten attempts in flight to one endpoint, however many workers ask for how many', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const attempts = await attemptAll(await stack.deliveryIds(caller));

    expect(answers).toHaveLength(IN_FLIGHT_MAX);
    for (const answer of answers) answer();
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter(({ kind }) => kind === 'delivered')).toHaveLength(IN_FLIGHT_MAX);
    expect(outcomes.filter(({ kind }) => kind === 'not_due')).toHaveLength(SUBJECTS - IN_FLIGHT_MAX);
  });

  it('leaves what a full endpoint waits for out of the queue, and enqueues the next when an attempt ends', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const ids = await stack.deliveryIds(caller);
    const attempts = await attemptAll(ids);
    const [first, ...taken] = answers.splice(0);
    await stack.redis.flushdb();

    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(0);
    first?.();
    await waitFor(async () => (await stack.queuedIds()).length === 1);
    const [next] = await stack.queuedIds();
    expect(ids).toContain(next);
    const followed = stack.attempt(next as DeliveryId);
    await waitFor(() => answers.length === 1);

    for (const answer of [...taken, ...answers]) answer();
    expect(await followed).toEqual({ kind: 'delivered' });
    await Promise.all(attempts);
  });

  it('gives the places of a worker that died to others, once its leases have run out', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const ids = await stack.deliveryIds(caller);
    const attempts = await attemptAll(ids);
    const abandoned = answers.splice(0);
    stack.clock.advance(60_000);

    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(SUBJECTS);
    const again = await attemptAll(ids);
    expect(answers).toHaveLength(IN_FLIGHT_MAX);
    for (const answer of [...abandoned, ...answers]) answer();
    await Promise.all([...attempts, ...again]);
  });

  it('lets no other endpoint wait for one that is full', async () => {
    await stack.happenMany(caller, SUBJECTS);
    const attempts = await attemptAll(await stack.deliveryIds(caller));
    const other = await stack.newCaller();
    const { url } = await stack.receiver();
    await stack.endpointAt(other, url);
    await stack.happen(other, 'ireq_other');

    expect(await stack.attempt(await stack.lastDelivery(other))).toEqual({ kind: 'delivered' });
    for (const answer of answers) answer();
    await Promise.all(attempts);
  });
});
