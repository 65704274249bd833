import { sql } from 'kysely';
import type { SystemTx } from '#libs/postgres';
import { WebhookStack } from '../../../test/support/webhook-stack.js';
import { DueDeliveryStore } from './due-delivery.store.js';
import { ATTEMPTS_AT_ONCE_MAX } from './endpoint-health.js';

const PENDING = 500;

describe('what is due at an endpoint', () => {
  let stack: WebhookStack;

  beforeAll(async () => {
    stack = await WebhookStack.start({ redisDatabase: 5 });
  });
  afterAll(() => stack.stop());

  it('is found without reading all that is pending there, though nothing was when statistics were taken', async () => {
    const caller = await stack.newCaller();
    const { endpoint } = await stack.endpointAt(caller, (await stack.receiver()).url);
    const { postgres } = stack.database;
    await sql`analyze webhook_deliveries`.execute(postgres.db);
    await stack.happenMany(caller, PENDING);

    const { due, rowsRead } = await postgres.transaction(async (tx) => {
      const before = await rowsReadIn(tx);
      const now = stack.clock.now();
      const listed = await new DueDeliveryStore().list(tx, endpoint.id, now, {
        except: [],
        limit: ATTEMPTS_AT_ONCE_MAX,
      });
      return { due: listed, rowsRead: (await rowsReadIn(tx)) - before };
    });

    expect(due).toHaveLength(ATTEMPTS_AT_ONCE_MAX);
    expect(rowsRead).toBeLessThanOrEqual(ATTEMPTS_AT_ONCE_MAX * 3);
  });
});

async function rowsReadIn(tx: SystemTx): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select (seq_tup_read + idx_tup_fetch)::bigint as count from pg_stat_xact_user_tables where relname = 'webhook_deliveries'
  `.execute(tx);
  return rows[0]?.count ?? 0;
}
