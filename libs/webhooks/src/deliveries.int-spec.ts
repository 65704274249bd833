import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import type { DeliveryId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('Deliveries', () => {
  let stack: WebhookStack;
  let caller: Caller;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 7 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
  });

  afterAll(() => stack.stop());

  const seen = (id: DeliveryId) => stack.tenantSide.deliveries.get(caller.tenantId, id);

  it('posts the event as a signed CloudEvent that the published library verifies', async () => {
    const { url, requests } = await stack.receiver();
    const { secret } = await stack.endpointAt(caller, url);
    const eventId = await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);

    expect(await stack.queuedIds()).toEqual([id]);
    expect(await stack.attempt(id)).toEqual({ kind: 'delivered' });
    const [request] = requests;
    expect(request?.headers).toMatchObject({ 'content-type': 'application/cloudevents+json', 'webhook-id': eventId });
    const headers = request?.headers as Record<string, string>;
    expect(new Webhook(secret.reveal()).verify(request?.body ?? '', headers)).toMatchObject({
      specversion: '1.0',
      id: eventId,
      source: expect.stringMatching(/^\/accounts\/acc_/) as string,
      type: 'image_request.queued',
      subject: 'ireq_1',
      sequence: 1,
      data: { imageRequest: { id: 'ireq_1' } },
    });
    expect(await stack.attempt(id)).toEqual({ kind: 'gone' });
    expect(requests).toHaveLength(1);
  });

  it('brings the same event id a third time to a receiver that answers 500 twice, and logs all three', async () => {
    const { url, requests } = await stack.receiver((response, _request, count) =>
      response.writeHead(count < 3 ? 500 : 200).end(`answer ${count}`),
    );
    await stack.endpointAt(caller, url);
    const eventId = await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);

    for (const step of [0, 1]) {
      const outcome = await stack.attempt(id);
      expect(outcome).toMatchObject({ kind: 'retry' });
      expect(await stack.attempt(id)).toEqual(outcome);
      stack.passStep(step);
    }
    expect(await stack.attempt(id)).toEqual({ kind: 'delivered' });

    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId, eventId]);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(await seen(id)).toMatchObject({
      status: 'delivered',
      nextAttemptAt: null,
      attempts: [500, 500, 200].map((statusCode, index) => ({
        statusCode,
        error: null,
        responseBody: `answer ${index + 1}`,
      })),
    });
  });

  it('fails after the last step of the schedule', async () => {
    const { url, requests } = await stack.receiver((response) => response.writeHead(503).end());
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    for (const step of [0, 1]) {
      await stack.attempt(id);
      stack.passStep(step);
    }

    expect(await stack.attempt(id)).toEqual({ kind: 'failed', reason: 'retries_spent' });
    expect(await seen(id)).toMatchObject({ status: 'failed', failureReason: 'retries_spent', nextAttemptAt: null });
    expect(requests).toHaveLength(3);
  });

  it('counts an attempt that could not be signed, follows the schedule with it, and says why without the secret', async () => {
    const { url, requests } = await stack.receiver();
    const { endpoint, secret } = await stack.endpointAt(caller, url);
    const { db } = stack.database.postgres;
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    await sql`update webhook_secrets set version = 2 where endpoint_id = ${endpoint.id}`.execute(db);

    expect(await stack.attempt(id)).toMatchObject({ kind: 'retry' });
    stack.passStep(0);
    await sql`update webhook_secrets set master_key_id = 'lost' where endpoint_id = ${endpoint.id}`.execute(db);
    expect(await stack.attempt(id)).toMatchObject({ kind: 'retry' });
    stack.passStep(1);
    expect(await stack.attempt(id)).toEqual({ kind: 'failed', reason: 'retries_spent' });

    const { attempts } = await seen(id);
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ statusCode: null, error: expect.stringMatching(/^internal error/) as string });
    expect(JSON.stringify(attempts)).not.toContain(secret.reveal());
    expect(requests).toEqual([]);
  });

  it('waits as long as Retry-After says', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(429, { 'retry-after': '9' }).end());
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const at = new Date(stack.clock.now().getTime() + 9000);
    expect(await stack.attempt(await stack.lastDelivery(caller))).toEqual({ kind: 'retry', at });
  });

  it('makes one attempt of a delivery, however many workers ask for it at once', async () => {
    let answer: () => void;
    const answering = new Promise<void>((resolve) => (answer = resolve));
    const { url, requests } = await stack.receiver((response) => {
      void answering.then(() => response.writeHead(204).end());
    });
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    let refused = 0;
    const attempts = Array.from({ length: 8 }, async () => {
      const outcome = await stack.attempt(id);
      if (outcome.kind === 'not_due') refused += 1;
      return outcome;
    });
    await waitFor(() => refused === 7);
    answer!();
    const outcomes = await Promise.all(attempts);

    expect(outcomes.filter(({ kind }) => kind === 'delivered')).toHaveLength(1);
    expect(requests).toHaveLength(1);
    expect((await seen(id)).attempts).toHaveLength(1);
  });

  it('leaves the delivery of a worker that died to the next one, once its lease has run out', async () => {
    const { url } = await stack.receiver();
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    const lease = new Date(stack.clock.now().getTime() + 31_000);
    await sql`update webhook_deliveries set attempting_until = ${lease} where id = ${id}`.execute(
      stack.database.postgres.db,
    );

    expect(await stack.attempt(id)).toEqual({ kind: 'not_due' });
    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(0);
    stack.clock.advance(31_000);
    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(1);
    expect(await stack.attempt(id)).toEqual({ kind: 'delivered' });
  });
});
