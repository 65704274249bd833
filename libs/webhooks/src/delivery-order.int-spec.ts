import { sql } from 'kysely';
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

  const statuses = async () =>
    Promise.all(
      (await stack.deliveryIds(caller)).map(
        async (id) => (await stack.tenantSide.deliveries.get(caller.tenantId, id)).status,
      ),
    );

  it('keeps the events of one subject in order, and lets no other subject wait for them', async () => {
    let failing = true;
    const { url, requests } = await stack.receiver((response, { body }) => {
      const { subject } = JSON.parse(body) as { subject: string };
      response.writeHead(failing && subject === 'ireq_slow' ? 500 : 200).end();
    });
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_slow', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_slow', { type: 'image_request.submitted' });
    await stack.happen(caller, 'ireq_other', { type: 'image_request.queued' });

    await stack.dispatch(made);
    expect(await statuses()).toEqual(['pending', 'pending', 'delivered']);
    expect(requests).toHaveLength(2);

    failing = false;
    stack.passStep(0);
    await stack.dispatch(made);
    expect(await statuses()).toEqual(['delivered', 'delivered', 'delivered']);
    const types = requests.map(({ body }) => JSON.parse(body) as { type: string; subject: string });
    expect(types.filter(({ subject }) => subject === 'ireq_slow').map(({ type }) => type)).toEqual([
      'image_request.queued',
      'image_request.queued',
      'image_request.submitted',
    ]);
  });

  it('lets the next event of a subject go when the one before has failed for good', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(500).end());
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.submitted' });
    const second = (await stack.deliveryIds(caller))[1] as DeliveryId;
    for (const step of [0, 1]) {
      await stack.dispatch(made);
      stack.passStep(step);
    }
    expect((await stack.tenantSide.deliveries.get(caller.tenantId, second)).attempts).toEqual([]);

    await stack.dispatch(made);
    expect(await statuses()).toEqual(['failed', 'pending']);
    expect((await stack.tenantSide.deliveries.get(caller.tenantId, second)).attempts).toHaveLength(1);
  });

  it('brings what was missed of a request while the endpoint was disabled ahead of its next event', async () => {
    const { url, requests } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    const change = (status: 'enabled' | 'disabled') =>
      stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await change('disabled');
    await stack.happen(caller, 'ireq_1', { type: 'image_request.submitted' });
    await stack.happen(caller, 'ireq_other', { type: 'image_request.queued' });
    await change('enabled');
    await stack.happen(caller, 'ireq_1', { type: 'image_request.succeeded' });
    await stack.dispatch(made);

    const arrived = requests.map(({ body }) => JSON.parse(body) as { type: string; subject: string });
    expect(arrived.map(({ subject, type }) => [subject, type])).toEqual([
      ['ireq_1', 'image_request.queued'],
      ['ireq_1', 'image_request.submitted'],
      ['ireq_1', 'image_request.succeeded'],
    ]);
  });

  it('holds the relay of all tenants up for nobody who is just sending again what was missed', async () => {
    const { url } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'disabled' });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'enabled' });

    await stack.database.postgres.transaction(async (tx) => {
      await sql`update webhook_deliveries set attempts_made = 0 where endpoint_id = ${made.endpoint.id}`.execute(tx);
      await stack.happen(caller, 'ireq_1', { type: 'image_request.submitted' });
      expect(await statuses()).toEqual(['failed', 'pending']);
    });
  });
});
