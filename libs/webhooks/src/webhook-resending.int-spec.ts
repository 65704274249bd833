import { sql } from 'kysely';
import { newId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { WebhookStack } from '../../../test/support/webhook-stack.js';

describe('WebhookResending', () => {
  let stack: WebhookStack;
  let caller: Caller;
  let isDown: boolean;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 14, retryScheduleMs: [1000] });
  });

  beforeEach(async () => {
    await stack.reset();
    caller = await stack.newCaller();
    isDown = false;
  });

  afterAll(() => stack.stop());

  const receiver = () => stack.receiver((response) => response.writeHead(isDown ? 500 : 204).end());
  const subjectsOf = (requests: readonly { readonly body: string }[]): readonly string[] =>
    requests.map(({ body }) => (JSON.parse(body) as { subject: string }).subject);
  const entries = async (action: 'webhook_endpoint.redeliver' | 'webhook_endpoint.replay') =>
    stack.audit.list(
      stack.database.postgres.db,
      { tenantId: caller.tenantId, accountId: null },
      { action },
      { afterPosition: 0, limit: 10 },
    );

  /** Has one event of each kind: delivered, given up, never tried for the endpoint was disabled, and older than it. */
  async function endpointWithPast() {
    const { url, requests } = await receiver();
    await stack.happen(caller, 'ireq_older');
    stack.clock.advance(60_000);
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_delivered');
    await stack.dispatch(made);
    isDown = true;
    await stack.happen(caller, 'ireq_exhausted');
    await stack.dispatch(made);
    stack.passStep(0);
    await stack.dispatch(made);
    isDown = false;
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'disabled' });
    await stack.happen(caller, 'ireq_missed');
    await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status: 'enabled' });
    await stack.dispatch(made);
    const before = requests.length;
    return { ...made, sinceThen: () => subjectsOf(requests.slice(before)) };
  }

  it.each([
    [{ only: 'failed' as const }, ['ireq_exhausted', 'ireq_missed']],
    [{ only: 'missing' as const }, ['ireq_older', 'ireq_missed']],
    [{}, ['ireq_older', 'ireq_exhausted', 'ireq_missed']],
  ])('sends on %j what the endpoint does not have, and none of it twice', async (order, subjects) => {
    const past = await endpointWithPast();
    const replay = () => stack.tenantSide.resending.replay(caller, past.endpoint.id, order);

    expect(await replay()).toEqual({ count: subjects.length, more: false });
    expect(await replay()).toEqual({ count: 0, more: false });
    await stack.dispatch(past);
    expect(past.sinceThen().toSorted()).toEqual(subjects.toSorted());
    expect(await replay()).toEqual({ count: 0, more: false });
  });

  it('sends since a time everything again, what has arrived as well, under the ids of the first time', async () => {
    const { url, requests } = await receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_before');
    stack.clock.advance(1000);
    const after = stack.clock.now();
    const eventId = await stack.happen(caller, 'ireq_since');
    await stack.dispatch(made);

    expect(await stack.tenantSide.resending.replay(caller, made.endpoint.id, { after })).toEqual({
      count: 1,
      more: false,
    });
    await stack.dispatch(made);
    expect(requests.slice(2).map(({ headers }) => headers['webhook-id'])).toEqual([eventId]);
    expect(
      (await stack.tenantSide.deliveries.get(caller.tenantId, await stack.lastDelivery(caller))).attempts,
    ).toHaveLength(2);
  });

  it('reaches over any number of events, in their order, and only those that pass the filters', async () => {
    const { url, requests } = await receiver();
    await stack.happenMany(caller, 1100);
    await stack.happen(caller, 'ireq_filtered', { type: 'image_request.failed' });
    const made = await stack.endpointAt(caller, url, { eventTypes: ['image_request.queued'] });

    expect(await stack.tenantSide.resending.replay(caller, made.endpoint.id, {})).toEqual({ count: 1100, more: false });
    await stack.dispatch(made);
    expect(new Set(subjectsOf(requests)).size).toBe(1100);
    expect(requests).toHaveLength(1100);
  }, 60_000);

  it('begins the schedule anew, and keeps the attempts that were made', async () => {
    isDown = true;
    const { url } = await receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    const fail = async () => {
      await stack.dispatch(made);
      stack.passStep(0);
      await stack.dispatch(made);
    };
    await fail();
    const seen = () => stack.tenantSide.deliveries.get(caller.tenantId, id);
    expect(await seen()).toMatchObject({ status: 'failed', failureReason: 'retries_spent' });

    await stack.tenantSide.resending.redeliver(caller, id);
    expect(await seen()).toMatchObject({ status: 'pending', failureReason: null });
    await fail();
    expect(await seen()).toMatchObject({ status: 'failed', failureReason: 'retries_spent' });
    expect((await seen()).attempts).toHaveLength(4);
    expect(await entries('webhook_endpoint.redeliver')).toMatchObject([
      { target: { id: made.endpoint.id }, detail: { deliveryId: id } },
    ]);
  });

  it('makes a pending delivery due at once, and one that has arrived arrive again', async () => {
    isDown = true;
    const { url, requests } = await receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    await stack.dispatch(made);
    isDown = false;
    for (const _time of [1, 2]) {
      await stack.tenantSide.resending.redeliver(caller, await stack.lastDelivery(caller));
      await stack.dispatch(made);
    }

    expect(requests).toHaveLength(3);
    const { status, attempts } = await stack.tenantSide.deliveries.get(
      caller.tenantId,
      await stack.lastDelivery(caller),
    );
    expect([status, attempts.length]).toEqual(['delivered', 3]);
  });

  it('lets an attempt that was begun before decide nothing but success', async () => {
    const answers: ((statusCode: number) => void)[] = [];
    const { url } = await stack.receiver((response) =>
      answers.push((statusCode) => response.writeHead(statusCode).end()),
    );
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const first = stack.dispatch(made);
    (await waitFor(() => answers[0]))(500);
    await first;
    stack.passStep(0);
    const last = stack.dispatch(made);
    const endLast = await waitFor(() => answers[1]);
    const id = await stack.lastDelivery(caller);
    await stack.tenantSide.resending.redeliver(caller, id);

    endLast(500);
    (await waitFor(() => answers[2]))(204);
    await last;
    const { status, attempts } = await stack.tenantSide.deliveries.get(caller.tenantId, id);
    expect([status, attempts.map(({ statusCode }) => statusCode)]).toEqual(['delivered', [500, 500, 204]]);
  });

  it('leaves a test that has no place in the sequence yet to become due with it', async () => {
    const { url, requests } = await receiver();
    const made = await stack.endpointAt(caller, url);
    const id = await stack.tenantSide.deliveries.testEndpoint(caller, made.endpoint.id);
    for (const status of ['disabled', 'enabled'] as const)
      await stack.tenantSide.endpoints.patch(caller, made.endpoint.id, { status });
    await stack.tenantSide.resending.redeliver(caller, id);
    expect(await stack.dispatch(made)).toEqual({ kind: 'drained', nextAt: null });
    expect(requests).toEqual([]);

    await stack.relayAll();
    await stack.dispatch(made);
    expect(requests).toHaveLength(1);
  });

  it('leaves out an event that is removed, for its age, in the very moment of the replay', async () => {
    const eventId = await stack.happen(caller, 'ireq_old');
    await stack.happen(caller, 'ireq_1');
    const { url } = await receiver();
    const made = await stack.endpointAt(caller, url);
    const { postgres } = stack.database;
    const someoneWaits = async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      `.execute(postgres.db);
      return rows.length > 0;
    };

    const replaying = await postgres.transaction(async (tx) => {
      await sql`delete from events where id = ${eventId}`.execute(tx);
      const replay = stack.tenantSide.resending.replay(caller, made.endpoint.id, {});
      await waitFor(someoneWaits);
      return { replay };
    });
    expect(await replaying.replay).toEqual({ count: 1, more: false });
  });

  it('refuses what has no endpoint to go to, and another tenant, changing nothing', async () => {
    const { url } = await receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    await stack.dispatch(made);
    const id = await stack.lastDelivery(caller);
    const stranger = await stack.newCaller();
    const { resending, endpoints } = stack.tenantSide;

    for (const call of [
      resending.redeliver(stranger, id),
      resending.redeliver(caller, newId('whd')),
      resending.replay(stranger, made.endpoint.id, {}),
    ])
      await expect(call).rejects.toMatchObject({ code: 'not_found' });
    await endpoints.patch(caller, made.endpoint.id, { status: 'disabled' });
    for (const call of [
      resending.redeliver(caller, id),
      resending.replay(caller, made.endpoint.id, { after: new Date(0) }),
    ])
      await expect(call).rejects.toMatchObject({ code: 'webhook_endpoint_disabled' });
    await endpoints.delete(caller, made.endpoint.id);
    await expect(resending.redeliver(caller, id)).rejects.toMatchObject({ code: 'webhook_endpoint_deleted' });

    const { rows } = await sql`select from webhook_deliveries where status = 'pending'`.execute(
      stack.database.postgres.db,
    );
    expect(rows).toEqual([]);
    expect(await entries('webhook_endpoint.redeliver')).toEqual([]);
  });
});
