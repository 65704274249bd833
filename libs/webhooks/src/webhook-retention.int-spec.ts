import { sql } from 'kysely';
import { EventRetention, EventStore } from '#libs/events';
import { SystemPostgres } from '#libs/postgres';
import { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { WebhookRetention } from './webhook-retention.js';
import { WebhookRetentionStore } from './webhook-retention.store.js';

const DAY_MS = 86_400_000;

describe('WebhookRetention', () => {
  let stack: WebhookStack;
  let worker: SystemPostgres;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 3 });
    worker = new SystemPostgres(new Secret(stack.database.url));
  });
  afterEach(() => stack.reset());
  afterAll(async () => {
    await worker.close();
    await stack.stop();
  });

  function sweep(): Promise<number> {
    const holders = [new WebhookRetention(new WebhookRetentionStore())];
    const retention = new EventRetention(worker, new EventStore(), holders, stack.clock, { keptDays: 30 });
    return retention.sweep(new AbortController().signal);
  }

  async function kept({ tenantId }: Caller): Promise<{ events: number; deliveries: number; attempts: number }> {
    const { rows } = await sql<{ events: number; deliveries: number; attempts: number }>`
      select
        (select count(*) from events where tenant_id = ${tenantId}) as events,
        (select count(*) from webhook_deliveries where tenant_id = ${tenantId}) as deliveries,
        (select count(*) from webhook_attempts join webhook_deliveries as d on d.id = delivery_id
          where d.tenant_id = ${tenantId}) as attempts
    `.execute(stack.database.postgres.db);
    const [row] = rows;
    if (row === undefined) throw new Error('nothing was counted');
    return row;
  }

  it('lets an event take its deliveries and their attempts along', async () => {
    const caller = await stack.newCaller();
    const { url } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    for (const subject of ['ireq_1', 'ireq_2']) await stack.happen(caller, subject);
    await stack.dispatch(made);
    stack.clock.advance(31 * DAY_MS);
    await stack.happen(caller, 'ireq_3');

    expect(await kept(caller)).toEqual({ events: 3, deliveries: 3, attempts: 2 });
    expect(await sweep()).toBe(2);
    expect(await kept(caller)).toEqual({ events: 1, deliveries: 1, attempts: 0 });
  });

  it('keeps an event as long as one of its deliveries is pending', async () => {
    const caller = await stack.newCaller();
    const { url } = await stack.receiver();
    const [one, other] = [await stack.endpointAt(caller, url), await stack.endpointAt(caller, `${url}/other`)];
    for (const subject of ['ireq_1', 'ireq_2']) await stack.happen(caller, subject);
    stack.clock.advance(31 * DAY_MS);

    expect(await sweep()).toBe(0);
    await stack.dispatch(one);
    expect(await sweep()).toBe(0);
    await stack.dispatch(other);
    expect(await sweep()).toBe(1);
    expect(await kept(caller)).toEqual({ events: 1, deliveries: 2, attempts: 2 });
  });

  it('counts a delivery that somebody is just changing as needed, and does not wait for it', async () => {
    const caller = await stack.newCaller();
    const { url } = await stack.receiver();
    const made = await stack.endpointAt(caller, url);
    await stack.happen(caller, 'ireq_1');
    const id = await stack.lastDelivery(caller);
    await stack.dispatch(made);
    await stack.happen(caller, 'ireq_2');
    stack.clock.advance(31 * DAY_MS);

    await stack.database.postgres.transaction(async (tx) => {
      await sql`update webhook_deliveries set status = 'pending', next_attempt_at = now() where id = ${id}`.execute(tx);
      expect(await sweep()).toBe(0);
    });
    expect(await sweep()).toBe(0);
  });
});
