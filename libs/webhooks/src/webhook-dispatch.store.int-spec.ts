import { randomUUID } from 'node:crypto';
import type { WebhookEndpointId } from '#libs/ids';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { WebhookDispatchStore } from './webhook-dispatch.store.js';

const LEASE_MS = 60_000;

describe('the renewal of leases', () => {
  const store = new WebhookDispatchStore();
  const dispatcher = randomUUID();
  let stack: WebhookStack;
  let endpointIds: readonly WebhookEndpointId[];

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 4 });
    const caller = await stack.newCaller();
    const { url } = await stack.receiver();
    const created = await Promise.all([1, 2, 3].map(() => stack.endpointAt(caller, url)));
    endpointIds = created.map(({ endpoint }) => endpoint.id);
  });
  afterAll(() => stack.stop());

  it('waits for none that is locked, and prolongs those that are not', async () => {
    const { postgres } = stack.database;
    for (const id of endpointIds) await store.take(postgres.db, id, dispatcher, LEASE_MS);
    const [locked, ...free] = endpointIds;

    await postgres.transaction(async (tx) => {
      await store.lockHeld(tx, locked!, dispatcher);
      const renewed = await store.renewFree(postgres.db, { endpointIds, dispatcher, leaseMs: LEASE_MS });
      expect([...renewed].toSorted()).toEqual(free.toSorted());
    });
    expect(await store.renewFree(postgres.db, { endpointIds, dispatcher, leaseMs: LEASE_MS })).toEqual(
      new Set(endpointIds),
    );
  });

  it('prolongs nothing of somebody else', async () => {
    const { postgres } = stack.database;
    for (const id of endpointIds) await store.take(postgres.db, id, dispatcher, LEASE_MS);
    const other = randomUUID();

    expect(await store.renewFree(postgres.db, { endpointIds, dispatcher: other, leaseMs: LEASE_MS })).toEqual(
      new Set(),
    );
  });
});
