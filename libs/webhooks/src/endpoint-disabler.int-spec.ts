import type { DeliveryId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('EndpointDisabler', () => {
  let stack: WebhookStack;
  let caller: Caller;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 9 });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
  });

  afterAll(() => stack.stop());

  const seen = (id: DeliveryId) => stack.tenantSide.deliveries.get(caller.tenantId, id);

  it('disables an endpoint that answers 410, ends what waits for it, and tells the others', async () => {
    const gone = await stack.receiver((response) => response.writeHead(410).end());
    const watching = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, gone.url, { eventTypes: ['image_request.queued'] });
    await stack.endpointAt(caller, watching.url, { eventTypes: ['webhook_endpoint.disabled'] });
    await stack.happen(caller, 'ireq_1');
    await stack.happen(caller, 'ireq_2');
    const [first, second] = (await stack.deliveryIds(caller)) as [DeliveryId, DeliveryId];

    expect(await stack.attempt(first)).toEqual({ kind: 'failed', reason: 'endpoint_gone' });
    expect((await stack.tenantSide.endpoints.get(caller.tenantId, endpoint.id)).status).toBe('disabled');
    expect(await seen(second)).toMatchObject({ status: 'failed', failureReason: 'endpoint_disabled', attempts: [] });
    expect(await stack.attempt(second)).toEqual({ kind: 'gone' });

    await stack.happen(caller, 'ireq_3');
    const notice = (await stack.deliveryIds(caller))[2] as DeliveryId;
    expect(await stack.deliveryIds(caller)).toHaveLength(3);
    expect(await stack.attempt(notice)).toEqual({ kind: 'delivered' });
    expect(JSON.parse(watching.requests[0]?.body ?? '')).toMatchObject({
      type: 'webhook_endpoint.disabled',
      subject: endpoint.id,
      data: { webhookEndpoint: { id: endpoint.id, status: 'disabled' }, reason: 'gone' },
    });
    const log = await stack.audit.list(
      stack.database.postgres.db,
      { tenantId: caller.tenantId, accountId: null },
      { action: 'webhook_endpoint.update' },
      { afterPosition: 0, limit: 10 },
    );
    expect(log).toMatchObject([{ actor: { type: 'system' }, target: { id: endpoint.id }, detail: { reason: 'gone' } }]);
  });

  it('keeps every event while an endpoint is disabled, and begins again with the next one', async () => {
    const { url, requests } = await stack.receiver();
    const { endpoint } = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    await stack.tenantSide.endpoints.patch(caller, endpoint.id, { status: 'disabled' });
    await stack.happen(caller, 'ireq_2');
    await stack.tenantSide.endpoints.patch(caller, endpoint.id, { status: 'enabled' });
    await stack.happen(caller, 'ireq_3');

    const [first, third] = (await stack.deliveryIds(caller)) as [DeliveryId, DeliveryId];
    expect(await stack.attempt(first)).toEqual({ kind: 'gone' });
    expect(await stack.attempt(third)).toEqual({ kind: 'delivered' });
    expect(requests.map(({ body }) => (JSON.parse(body) as { subject: string }).subject)).toEqual(['ireq_3']);
    expect((await stack.feed.list(caller.tenantId, { limit: 10 })).map(({ subject }) => subject)).toEqual([
      'ireq_1',
      'ireq_2',
      'ireq_3',
    ]);
  });

  it('ends, by what comes of it, the attempt that was under way when its endpoint was disabled or deleted', async () => {
    for (const end of ['disable', 'delete'] as const) {
      let answer: (() => void) | undefined;
      const { url } = await stack.receiver((response) => (answer = () => response.writeHead(500).end()));
      const { endpoint } = await stack.endpointAt(caller, url);
      await stack.happen(caller, `ireq_${end}`);
      const id = (await stack.deliveryIds(caller)).at(-1) as DeliveryId;
      const attempting = stack.attempt(id);
      const answerNow = await waitFor(() => answer);
      if (end === 'disable') await stack.tenantSide.endpoints.patch(caller, endpoint.id, { status: 'disabled' });
      else await stack.tenantSide.endpoints.delete(caller, endpoint.id);

      answerNow();
      expect(await attempting).toMatchObject({ kind: 'retry' });
      stack.passStep(0);
      expect(await stack.attempt(id)).toEqual({ kind: 'failed', reason: `endpoint_${end}d` });
      expect((await seen(id)).attempts).toHaveLength(1);
    }
  });
});
