import type { DeliveryId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('Order of deliveries', () => {
  let stack: WebhookStack;
  let caller: Caller;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 8 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
  });

  afterAll(() => stack.stop());

  const seen = (id: DeliveryId) => stack.tenantSide.deliveries.get(caller.tenantId, id);

  it('keeps the events of one subject in order, and lets no other subject wait for them', async () => {
    let failing = true;
    const { url, requests } = await stack.receiver((response, { body }) => {
      const { subject } = JSON.parse(body) as { subject: string };
      response.writeHead(failing && subject === 'ireq_slow' ? 500 : 200).end();
    });
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_slow', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_slow', { type: 'image_request.submitted' });
    await stack.happen(caller, 'ireq_other', { type: 'image_request.queued' });
    const [first, second, other] = (await stack.deliveryIds(caller)) as [DeliveryId, DeliveryId, DeliveryId];

    expect(await stack.attempt(second)).toEqual({ kind: 'not_due' });
    expect(await stack.attempt(first)).toMatchObject({ kind: 'retry' });
    expect(await stack.attempt(second)).toEqual({ kind: 'not_due' });
    expect(await stack.attempt(other)).toEqual({ kind: 'delivered' });

    failing = false;
    stack.passStep(0);
    await stack.redis.flushdb();
    expect(await stack.attempt(first)).toEqual({ kind: 'delivered' });
    expect(await stack.queuedIds()).toEqual([second]);
    expect(await stack.attempt(second)).toEqual({ kind: 'delivered' });
    const types = requests.map(({ body }) => JSON.parse(body) as { type: string; subject: string });
    expect(types.filter(({ subject }) => subject === 'ireq_slow').map(({ type }) => type)).toEqual([
      'image_request.queued',
      'image_request.queued',
      'image_request.submitted',
    ]);
  });

  it('lets the next event of a subject go when the one before has failed for good', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(500).end());
    await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.submitted' });
    const [first, second] = (await stack.deliveryIds(caller)) as [DeliveryId, DeliveryId];
    for (const step of [0, 1, 0]) {
      await stack.attempt(first);
      stack.passStep(step);
    }
    expect((await seen(first)).status).toBe('failed');
    expect(await stack.attempt(second)).toMatchObject({ kind: 'retry' });
  });
});
