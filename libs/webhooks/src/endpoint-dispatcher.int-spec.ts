import { sql } from 'kysely';
import { Webhook } from 'standardwebhooks';
import type { DeliveryId, WebhookEndpointId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('EndpointDispatcher', () => {
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
  const seenLast = async () => seen(await stack.lastDelivery(caller));

  /** As if the process that holds the endpoint had died some time ago. */
  async function holderDies(id: WebhookEndpointId): Promise<void> {
    await sql`update webhook_dispatches set leased_until = now() - interval '1 second' where endpoint_id = ${id}`.execute(
      stack.database.postgres.db,
    );
  }

  it('posts the event as a signed CloudEvent that the published library verifies', async () => {
    const { url, requests } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    const eventId = await stack.happen(caller, 'ireq_1');

    expect(await stack.calledEndpoints()).toEqual([made.endpoint.id]);
    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });
    const [request] = requests;
    expect(request?.headers).toMatchObject({ 'content-type': 'application/cloudevents+json', 'webhook-id': eventId });
    const headers = request?.headers as Record<string, string>;
    expect(new Webhook(made.secret.reveal()).verify(request?.body ?? '', headers)).toMatchObject({
      specversion: '1.0',
      id: eventId,
      source: expect.stringMatching(/^\/accounts\/acc_/) as string,
      type: 'image_request.queued',
      subject: 'ireq_1',
      sequence: 1,
    });
    expect(await seenLast()).toMatchObject({ status: 'delivered', nextAttemptAt: null });
    await stack.dispatch(made);
    expect(requests).toHaveLength(1);
  });

  it('brings the same event id a third time to a receiver that answers 500 twice, and logs all three', async () => {
    const { url, requests } = await stack.receiver((response, _request, count) =>
      response.writeHead(count < 3 ? 500 : 200).end(`answer ${count}`),
    );
    const made = await stack.endpointAt(caller, url);
    const eventId = await stack.happen(caller, 'ireq_1');
    await stack.redis.flushdb();

    for (const step of [0, 1]) {
      const end = await stack.dispatch(made);
      expect(end).toEqual({ kind: 'drained', nextAt: (await seenLast()).nextAttemptAt });
      expect(await stack.calledEndpoints()).toContain(made.endpoint.id);
      await stack.dispatch(made);
      expect(requests).toHaveLength(step + 1);
      stack.passStep(step);
    }
    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });

    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId, eventId]);
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(await seenLast()).toMatchObject({
      status: 'delivered',
      attempts: [500, 500, 200].map((statusCode, index) => ({
        statusCode,
        error: null,
        responseBody: `answer ${index + 1}`,
      })),
    });
  });

  it('fails after the last step of the schedule', async () => {
    const { url, requests } = await stack.receiver((response) => response.writeHead(503).end());
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    for (const step of [0, 1]) {
      await stack.dispatch(made);
      stack.passStep(step);
    }
    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });

    expect(await seenLast()).toMatchObject({ status: 'failed', failureReason: 'retries_spent', nextAttemptAt: null });
    expect(requests).toHaveLength(3);
  });

  it('counts an attempt that could not be signed, follows the schedule with it, and says why without the secret', async () => {
    const { url, requests } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    const { db } = stack.database.postgres;
    await stack.happen(caller, 'ireq_1');
    await sql`update webhook_secrets set master_key_id = 'lost' where endpoint_id = ${made.endpoint.id}`.execute(db);
    for (const step of [0, 1]) {
      await stack.dispatch(made);
      stack.passStep(step);
    }
    await stack.dispatch(made);

    const { attempts, failureReason } = await seenLast();
    expect(failureReason).toBe('retries_spent');
    expect(attempts).toHaveLength(3);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ statusCode: null, error: expect.stringMatching(/^internal error/) as string });
    expect(JSON.stringify(attempts)).not.toContain(made.secret.reveal());
    expect(requests).toEqual([]);
  });

  it('waits as long as Retry-After says', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(429, { 'retry-after': '9' }).end());
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const nextAt = new Date(stack.clock.now().getTime() + 9000);
    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt });
  });

  it('makes one attempt of a delivery, however many workers are called at once', async () => {
    let answer = (): void => undefined;
    const answering = new Promise<void>((resolve) => (answer = resolve));
    const { url, requests } = await stack.receiver((response) => {
      void answering.then(() => response.writeHead(204).end());
    });
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const workers = [stack.deliverySide, ...Array.from({ length: 3 }, () => stack.newWorker())];
    const calls = workers.flatMap(({ dispatcher }) => [
      dispatcher.dispatch(endpoint.id),
      dispatcher.dispatch(endpoint.id),
    ]);
    await waitFor(() => requests.length > 0);
    answer();
    const ends = await Promise.all(calls);

    // One that comes after the first has let go finds nothing left.
    expect(new Set(ends.map(({ kind }) => kind))).toEqual(new Set(['drained', 'held']));
    expect(requests).toHaveLength(1);
    expect((await seenLast()).attempts).toHaveLength(1);
  });

  it('leaves nothing behind that came while another worker was about to let go', async () => {
    const { url, requests } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url);
    const workers = [stack.deliverySide, stack.newWorker(), stack.newWorker()];
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 40; index += 1) {
      await stack.happen(caller, `ireq_${index}`);
      // Each call comes at another moment of the dispatch before it, which nobody waits for.
      calls.push((workers[index % workers.length] ?? stack.deliverySide).dispatcher.dispatch(endpoint.id));
    }
    await waitFor(() => requests.length === 40);
    await Promise.all(calls);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id'])).size).toBe(40);
  });

  it('sends what a worker had under way when it died, and lets that worker, should it live, change nothing', async () => {
    const answers: (() => void)[] = [];
    const { url, requests } = await stack.receiver((response) => answers.push(() => response.writeHead(204).end()));
    const made = await stack.endpointAt(caller, url);
    const eventId = await stack.happen(caller, 'ireq_1');
    const lost = stack.dispatch(made);
    await waitFor(() => answers.length === 1);
    const other = stack.newWorker();
    expect(await other.dispatcher.dispatch(made.endpoint.id)).toEqual({ kind: 'held' });
    expect(await other.forgotten.callWorkers()).toBe(0);

    await holderDies(made.endpoint.id);
    expect(await other.forgotten.callWorkers()).toBe(1);
    const taken = other.dispatcher.dispatch(made.endpoint.id);
    await waitFor(() => answers.length === 2);
    answers[0]?.();
    expect(await lost).toEqual({ kind: 'lost' });
    expect(await seenLast()).toMatchObject({ status: 'pending', attempts: [] });
    answers[1]?.();
    expect(await taken).toEqual({ kind: 'drained', nextAt: null });
    expect((await seenLast()).attempts).toHaveLength(1);
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId]);
  });

  it('begins nothing new once it is to stop, ends what is under way, and calls another worker to the rest', async () => {
    const answers: (() => void)[] = [];
    const { url, requests } = await stack.receiver((response) => answers.push(() => response.writeHead(204).end()));
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happenMany(caller, 12);
    await stack.redis.flushdb();
    const { dispatcher } = stack.newWorker();
    const dispatch = dispatcher.dispatch(endpoint.id);
    await waitFor(() => answers.length === 10);
    dispatcher.stop();
    for (const answer of answers) answer();

    expect(await dispatch).toEqual({ kind: 'interrupted' });
    expect(requests).toHaveLength(10);
    expect(await stack.calledEndpoints()).toEqual([endpoint.id]);
    expect(
      (await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 20, status: 'delivered' })).length,
    ).toBe(10);
  });

  it('gives its slot to endpoints that wait for one when its turn is over, and is called again', async () => {
    const { url, requests } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happenMany(caller, 30);
    await stack.redis.flushdb();
    const { dispatcher } = stack.newWorker({ dispatchesMax: 1, turnMs: 0 });

    expect(await dispatcher.dispatch(endpoint.id)).toEqual({ kind: 'interrupted' });
    expect(requests.length).toBeLessThan(30);
    expect(await stack.calledEndpoints()).toEqual([endpoint.id]);
    const roomy = stack.newWorker({ dispatchesMax: 2, turnMs: 0 });
    expect(await roomy.dispatcher.dispatch(endpoint.id)).toEqual({ kind: 'drained', nextAt: null });
    expect(requests).toHaveLength(30);
  });
});
