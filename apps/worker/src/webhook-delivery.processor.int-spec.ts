import { type Job, Worker } from 'bullmq';
import { ManualClock } from '#libs/clock';
import { DELIVER_QUEUE, type QueueJobs } from '#libs/queues';
import { connectRedis } from '#libs/redis';
import { Secret } from '#libs/secret';
import { testRedisUrl, waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { WebhookDeliveryProcessor } from './webhook-delivery.processor.js';

const REDIS_DATABASE = 12;

class RunningClock extends ManualClock {
  override now(): Date {
    return new Date();
  }
}

describe('WebhookDeliveryProcessor', () => {
  let stack: WebhookStack;
  const connections: ReturnType<typeof connectRedis>[] = [];
  const workers: Worker[] = [];

  beforeAll(async () => {
    stack = await WebhookStack.start({
      redisDatabase: REDIS_DATABASE,
      retryScheduleMs: [60, 60, 60, 60],
      timeoutMs: 10_000,
      clock: new RunningClock(),
    });
  });

  afterEach(async () => {
    // Closes the receivers first: a worker ends only when its attempts have.
    await stack.reset();
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    for (const connection of connections.splice(0)) connection.disconnect();
  });

  afterAll(() => stack.stop());

  function startWorker(jobsAtOnce = 20): void {
    const url = new URL(testRedisUrl());
    url.pathname = `/${REDIS_DATABASE}`;
    const connection = connectRedis(new Secret(url.href), 'blocking');
    const processor = new WebhookDeliveryProcessor(stack.newWorker().dispatcher);
    const worker = new Worker(DELIVER_QUEUE, (job: Job<QueueJobs['deliver-webhooks']>) => processor.process(job), {
      connection,
      concurrency: jobsAtOnce,
    });
    worker.on('error', () => undefined);
    connections.push(connection);
    workers.push(worker);
  }

  it('has a receiver that answers 500 twice called a third time, with the same event id', async () => {
    const caller = await stack.newCaller();
    const { url, requests } = await stack.receiver((response, _request, count) =>
      response.writeHead(count < 3 ? 500 : 204).end(),
    );
    await stack.endpointAt(caller, url);
    startWorker();
    const eventId = await stack.happen(caller, 'ireq_1');

    await waitFor(() => requests.length === 3);
    expect(requests.map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId, eventId]);
    const id = await stack.lastDelivery(caller);
    await waitFor(async () => (await stack.tenantSide.deliveries.get(caller.tenantId, id)).status === 'delivered');
  });

  it('delivers every event once through two workers, those of a subject in order, though Redis is flushed', async () => {
    const caller = await stack.newCaller();
    const { url, requests } = await stack.receiver();
    await stack.endpointAt(caller, url);
    for (let subject = 0; subject < 10; subject += 1)
      for (const type of ['image_request.queued', 'image_request.submitted', 'image_request.succeeded'] as const)
        await stack.happen(caller, `ireq_${subject}`, { type });
    await stack.redis.flushdb();
    startWorker();
    startWorker();

    await waitFor(
      async () => {
        await stack.deliverySide.forgotten.callWorkers();
        return requests.length >= 30;
      },
      { timeoutMs: 20_000 },
    );
    const bodies = requests.map(({ body }) => JSON.parse(body) as { id: string; subject: string; sequence: number });
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(30);
    expect(requests).toHaveLength(30);
    for (const [, ofSubject] of Map.groupBy(bodies, ({ subject }) => subject)) {
      const sequences = ofSubject.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    }
  });

  it('delivers to the others while one endpoint fails and another hangs', async () => {
    const caller = await stack.newCaller();
    const hanging = await stack.receiver(() => undefined);
    const failing = await stack.receiver((response) => response.writeHead(500).end());
    const healthy = await stack.receiver();
    for (const { url } of [hanging, failing, healthy]) await stack.endpointAt(caller, url);
    startWorker();
    for (let index = 0; index < 5; index += 1) await stack.happen(caller, `ireq_${index}`);

    await waitFor(() => healthy.requests.length === 5);
  });

  it('delivers to the others while one endpoint hangs with more deliveries than the worker has slots', async () => {
    const [caller, other] = [await stack.newCaller(), await stack.newCaller()];
    const hanging = await stack.receiver(() => undefined);
    const healthy = await stack.receiver();
    await stack.endpointAt(caller, hanging.url);
    await stack.endpointAt(other, healthy.url);
    startWorker(2);
    await stack.happenMany(caller, 60);
    await waitFor(() => hanging.requests.length === 10);
    await stack.happen(other, 'ireq_other');

    await waitFor(() => healthy.requests.length === 1);
    expect(hanging.requests).toHaveLength(10);
  });
});
