import type { DeliveryId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('WebhookDeliveries', () => {
  let stack: WebhookStack;
  let caller: Caller;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 11 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
  });

  afterAll(() => stack.stop());

  const seen = (id: DeliveryId) => stack.tenantSide.deliveries.get(caller.tenantId, id);

  it('plans only for the endpoints that want an event, of its own tenant', async () => {
    const { url } = await stack.receiver();
    const other = caller;
    await stack.endpointAt(caller, url);
    caller = await stack.newCaller();
    const accountId = await stack.newAccount(caller.tenantId);
    const { endpoint: byAccount } = await stack.endpointAt(caller, url, { accountIds: [accountId] });
    const { endpoint: byType } = await stack.endpointAt(caller, url, { eventTypes: ['image_request.failed'] });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued', accountId });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.failed' });

    const planned = await Promise.all((await stack.deliveryIds(caller)).map((id) => seen(id)));
    expect(planned.map(({ endpointId, eventType }) => [endpointId, eventType])).toEqual([
      [byAccount.id, 'image_request.queued'],
      [byType.id, 'image_request.failed'],
    ]);
    caller = other;
    expect(await stack.deliveryIds(caller)).toEqual([]);
  });

  it('tests one endpoint alone, under the id that was given at once', async () => {
    const { url, requests } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url, { eventTypes: ['image_request.failed'] });
    await stack.endpointAt(caller, url);
    const id = await stack.tenantSide.deliveries.testEndpoint(caller, endpoint.id);
    await stack.dispatch({ endpoint });
    expect(requests).toEqual([]);

    await stack.relayAll();
    expect(await stack.calledEndpoints()).toEqual([endpoint.id]);
    expect(await stack.lastDelivery(caller)).toBe(id);
    await stack.dispatch({ endpoint });
    expect(await seen(id)).toMatchObject({ status: 'delivered' });
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ type: 'webhook_endpoint.test', subject: endpoint.id });
  });

  it('lets a test wait for none that has failed before', async () => {
    const { url, requests } = await stack.receiver((response, _request, count) =>
      response.writeHead(count === 1 ? 500 : 204).end(),
    );
    const made = await stack.endpointAt(caller, url);
    for (const _time of [1, 2]) {
      await stack.tenantSide.deliveries.testEndpoint(caller, made.endpoint.id);
      await stack.relayAll();
      await stack.dispatch(made);
    }

    expect(requests).toHaveLength(2);
    expect(await seen(await stack.lastDelivery(caller))).toMatchObject({ status: 'delivered' });
  });

  it('shows another tenant neither a delivery nor a list', async () => {
    const { url } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    const stranger = await stack.newCaller();

    const notFound = { code: 'not_found' };
    await expect(stack.tenantSide.deliveries.get(stranger.tenantId, id)).rejects.toMatchObject(notFound);
    await expect(stack.tenantSide.deliveries.list(stranger.tenantId, endpoint.id, { limit: 1 })).rejects.toMatchObject(
      notFound,
    );
    expect(await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 1 })).toMatchObject([{ id }]);
    expect(
      await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 1, status: 'failed' }),
    ).toEqual([]);
    expect(await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 1, before: id })).toEqual([]);
  });
});
