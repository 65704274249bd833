import type { Caller } from '#libs/tenants';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('ForgottenEndpoints', () => {
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

  it('calls workers to every endpoint that has something due, after Redis has forgotten all', async () => {
    const { url, requests } = await stack.receiver();
    const made = [await stack.endpointAt(caller, url), await stack.endpointAt(caller, url)];
    await stack.happenMany(caller, 20);
    await stack.redis.flushdb();

    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(2);
    const called = await stack.calledEndpoints();
    expect(called.toSorted()).toEqual(made.map(({ endpoint }) => endpoint.id).toSorted());
    for (const one of made) await stack.dispatch(one);
    expect(requests).toHaveLength(40);
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(0);
  });

  it('leaves alone what is not due yet, waits for its place in the sequence, or is to nobody any more', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(500).end());
    const failing = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.submitted' });
    await stack.dispatch(failing);
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(0);

    await stack.tenantSide.deliveries.testEndpoint(caller, failing.endpoint.id);
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(0);

    stack.passStep(0);
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(1);
    await stack.tenantSide.endpoints.delete(caller, failing.endpoint.id);
    expect(await stack.deliverySide.forgotten.callWorkers()).toBe(0);
  });
});
