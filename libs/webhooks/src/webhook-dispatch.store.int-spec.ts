import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { WebhookEndpointId } from '#libs/ids';
import type { SystemTx } from '#libs/postgres';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { WebhookDispatchStore } from './webhook-dispatch.store.js';

const LEASE_MS = 60_000;

describe('WebhookDispatchStore', () => {
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

  beforeEach(async () => {
    await sql`update webhook_dispatches set dispatcher = null, leased_until = null, open_until = null`.execute(
      stack.database.postgres.db,
    );
  });

  describe('the renewal of leases', () => {
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

  describe('waking those who send already', () => {
    const SOON = new Date(Date.now() + 1000);
    const wake = (tx: SystemTx) => store.wakeHolders(tx, endpointIds, SOON);

    it('keeps a holder from letting go before he has seen what was committed with it', async () => {
      const { postgres } = stack.database;
      const [held] = endpointIds as [WebhookEndpointId];
      await store.take(postgres.db, held, dispatcher, LEASE_MS);
      const seen = await store.look(postgres.db, held, dispatcher);
      let release: Promise<boolean> | undefined;

      await postgres.transaction(async (tx) => {
        expect(await wake(tx)).toEqual({ held: [held], open: [] });
        release = store.release(postgres.db, held, dispatcher, seen!.wakes);
      });
      expect(await release).toBe(false);
      expect(await store.look(postgres.db, held, dispatcher)).toMatchObject({ wakes: seen!.wakes + 1 });
    });

    it('tells of an open circuit only where nobody sends', async () => {
      const { postgres } = stack.database;
      const [open, probed] = endpointIds as [WebhookEndpointId, WebhookEndpointId];
      const until = new Date(SOON.getTime() + 1000);
      await sql`
        update webhook_dispatches set open_until = ${until} where endpoint_id = any(${[open, probed]})
      `.execute(postgres.db);
      await store.take(postgres.db, probed, dispatcher, LEASE_MS);

      expect(await postgres.transaction(wake)).toEqual({ held: [probed], open: [open] });
    });

    it('takes nobody for a holder whose lease has ended, nor a circuit for open that closes soon', async () => {
      const { postgres } = stack.database;
      const [dead, closing] = endpointIds as [WebhookEndpointId, WebhookEndpointId];
      await store.take(postgres.db, dead, dispatcher, -1);
      await sql`update webhook_dispatches set open_until = ${SOON} where endpoint_id = ${closing}`.execute(postgres.db);

      expect(await postgres.transaction(wake)).toEqual({ held: [], open: [] });
    });

    it('waits for none that is locked, and counts it as not told', async () => {
      const { postgres } = stack.database;
      const [locked] = endpointIds as [WebhookEndpointId];
      await store.take(postgres.db, locked, dispatcher, LEASE_MS);

      await postgres.transaction(async (tx) => {
        await store.lockHeld(tx, locked, dispatcher);
        expect(await postgres.transaction(wake)).toEqual({ held: [], open: [] });
      });
    });
  });
});
