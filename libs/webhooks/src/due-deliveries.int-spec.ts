import type { Caller } from '#libs/tenants';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('DueDeliveries', () => {
  let stack: WebhookStack;
  let caller: Caller;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 10 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
  });

  afterAll(() => stack.stop());

  it('finds every due delivery again after Redis has forgotten all, in order and none twice', async () => {
    const { url } = await stack.receiver();
    await stack.endpointAt(caller, url);
    for (let index = 0; index < 20; index += 1) await stack.happen(caller, `ireq_${index}`);
    await stack.happen(caller, 'ireq_0', { type: 'image_request.submitted' });
    const ids = await stack.deliveryIds(caller);
    await stack.redis.flushdb();

    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(20);
    await stack.deliverySide.dueDeliveries.enqueue();
    expect(await stack.queuedIds()).toEqual(ids.slice(0, 20).toSorted());
  });

  it('reaches what lies behind any number of deliveries that wait in the queue', async () => {
    const { url } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happenMany(caller, 600);
    await stack.redis.flushdb();

    expect(await stack.deliverySide.dueDeliveries.enqueue()).toBe(600);
    expect(new Set(await stack.queuedIds())).toEqual(new Set(await stack.deliveryIds(caller)));
    const page = await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 2, status: 'pending' });
    expect(page).toHaveLength(2);
  });
});
