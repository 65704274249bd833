import { sql } from 'kysely';
import { type DeliveryId, newId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

const HOUR_MS = 60 * 60_000;

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
  const disablings = () =>
    stack.audit.list(
      stack.database.postgres.db,
      { tenantId: caller.tenantId, accountId: null },
      { action: 'webhook_endpoint.update' },
      { afterPosition: 0, limit: 10 },
    );

  it('disables an endpoint that answers 410, ends what waits for it, and tells the others', async () => {
    const gone = await stack.receiver((response) => response.writeHead(410).end());
    const watching = await stack.receiver();
    const made = await stack.endpointAt(caller, gone.url, { eventTypes: ['image_request.queued'] });
    const { endpoint } = made;
    const watcher = await stack.endpointAt(caller, watching.url, { eventTypes: ['webhook_endpoint.disabled'] });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    await stack.happen(caller, 'ireq_1', { type: 'image_request.queued' });
    const [first, second] = (await stack.deliveryIds(caller)) as [DeliveryId, DeliveryId];

    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });
    expect(await seen(first)).toMatchObject({ status: 'failed', failureReason: 'endpoint_gone' });
    expect((await stack.tenantSide.endpoints.get(caller.tenantId, endpoint.id)).status).toBe('disabled');
    expect(await seen(second)).toMatchObject({ status: 'failed', failureReason: 'endpoint_disabled', attempts: [] });

    await stack.relayAll();
    await stack.dispatch(made);
    await stack.dispatch(watcher);
    expect(gone.requests).toHaveLength(1);
    expect(watching.requests.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      {
        type: 'webhook_endpoint.disabled',
        subject: endpoint.id,
        data: { webhookEndpoint: { id: endpoint.id, status: 'disabled' }, reason: 'gone' },
      },
    ]);
    expect(await disablings()).toMatchObject([
      { actor: { type: 'system' }, target: { id: endpoint.id }, detail: { reason: 'gone' } },
    ]);
  });

  it('disables an endpoint after five days of nothing but failures, and not after four', async () => {
    let failing = true;
    const { url } = await stack.receiver((response) => response.writeHead(failing ? 500 : 204).end());
    const made = await stack.endpointAt(caller, url, { eventTypes: ['image_request.queued'] });
    const status = async () => (await stack.tenantSide.endpoints.get(caller.tenantId, made.endpoint.id)).status;
    const failFor = async (hours: number) => {
      for (let hour = 0; hour < hours; hour += 1) {
        await stack.happen(caller, newId('ireq'));
        await stack.dispatch(made);
        stack.clock.advance(HOUR_MS);
      }
    };

    await failFor(4 * 24);
    failing = false;
    await stack.happen(caller, 'ireq_good');
    await stack.dispatch(made);
    failing = true;
    await failFor(5 * 24);
    expect(await status()).toBe('enabled');
    await failFor(2);

    expect(await status()).toBe('disabled');
    expect(await disablings()).toMatchObject([{ detail: { status: 'disabled', reason: 'failing' } }]);
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'enabled' });
    await failFor(1);
    expect(await status()).toBe('enabled');
  }, 60_000);

  it('keeps on record what a disabled endpoint misses, its own disabling too, and sends none of it by itself', async () => {
    const { url, requests } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    const { endpoint } = made;
    await stack.happen(caller, 'ireq_1');
    await stack.tenantSide.endpoints.patch(caller, endpoint.id, { status: 'disabled' });
    await stack.happen(caller, 'ireq_2');
    await stack.tenantSide.endpoints.patch(caller, endpoint.id, { status: 'enabled' });
    await stack.happen(caller, 'ireq_3');
    await stack.dispatch(made);

    expect(requests.map(({ body }) => (JSON.parse(body) as { subject: string }).subject)).toEqual(['ireq_3']);
    const missed = await stack.tenantSide.deliveries.list(caller.tenantId, endpoint.id, { limit: 9, status: 'failed' });
    expect(missed.map(({ subject, failureReason }) => [subject, failureReason])).toEqual([
      ['ireq_2', 'endpoint_disabled'],
      ['ireq_1', 'endpoint_disabled'],
    ]);
  });

  it('ends, by what comes of it, the attempt that was under way when its endpoint was disabled or deleted', async () => {
    for (const end of ['disable', 'delete'] as const) {
      for (const statusCode of [500, 204]) {
        let answer: (() => void) | undefined;
        const { url } = await stack.receiver((response) => (answer = () => response.writeHead(statusCode).end()));
        const made = await stack.endpointAt(caller, url);
        await stack.happen(caller, newId('ireq'));
        const id = (await stack.tenantSide.deliveries.list(caller.tenantId, made.endpoint.id, { limit: 1 }))[0]?.id;
        const attempting = stack.dispatch(made);
        const answerNow = await waitFor(() => answer);
        if (end === 'disable') await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'disabled' });
        else await stack.tenantSide.endpoints.delete(caller, made.endpoint.id);

        answerNow();
        await attempting;
        const reason = statusCode === 204 ? null : `endpoint_${end}d`;
        expect(await seen(id as DeliveryId)).toMatchObject({ failureReason: reason, attempts: [{ statusCode }] });
        if (end === 'disable') await stack.tenantSide.endpoints.delete(caller, made.endpoint.id);
      }
    }
  });

  it('takes a 410 of the old URL for nothing that is said of the new one', async () => {
    let answer: (() => void) | undefined;
    const old = await stack.receiver((response) => (answer = () => response.writeHead(410).end()));
    const { url, requests } = await stack.receiver();
    const made = await stack.endpointAt(caller, old.url);
    await stack.happen(caller, 'ireq_1');
    const attempting = stack.dispatch(made);
    const answerNow = await waitFor(() => answer);
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { url });

    answerNow();
    await attempting;
    expect((await stack.tenantSide.endpoints.get(caller.tenantId, made.endpoint.id)).status).toBe('enabled');
    expect(requests).toHaveLength(1);
    expect((await seen(await stack.lastDelivery(caller))).attempts).toMatchObject([
      { statusCode: 410 },
      { statusCode: 204 },
    ]);
  });

  it('does not give an endpoint up for what could not be signed', async () => {
    const { url } = await stack.receiver((response) => response.writeHead(500).end());
    const made = await stack.endpointAt(caller, url);
    for (let day = 0; day < 5; day += 1) {
      await stack.happen(caller, `ireq_${day}`);
      await stack.dispatch(made);
      stack.clock.advance(24 * HOUR_MS - 1000);
    }
    await sql`update webhook_secrets set master_key_id = 'lost' where endpoint_id = ${made.endpoint.id}`.execute(
      stack.database.postgres.db,
    );
    stack.clock.advance(10_000);
    await stack.happen(caller, 'ireq_unsigned');
    await stack.dispatch(made);

    expect((await seen(await stack.lastDelivery(caller))).attempts).toMatchObject([{ statusCode: null }]);
    expect((await stack.tenantSide.endpoints.get(caller.tenantId, made.endpoint.id)).status).toBe('enabled');
  });
});
