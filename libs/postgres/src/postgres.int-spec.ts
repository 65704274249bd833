import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { Secret } from '#libs/secret';
import { createMigratedDatabase, type MigratedDatabase, waitFor } from '#libs/testing';
import { Postgres } from './postgres.js';

describe('Postgres', () => {
  let database: MigratedDatabase;
  let apps: Postgres;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    apps = new Postgres(new Secret(database.url), { connectionsMax: 1 });
  });
  afterAll(async () => {
    await apps.close();
    await database.drop();
  });

  it('loses no more than the transaction when the server closes its connection between two statements', async () => {
    const lost = apps.asTenant(newId('ten'), async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      const pid = rows[0]?.pid;
      await sql`select pg_terminate_backend(${pid})`.execute(database.postgres.db);
      await waitFor(async () => {
        const { rows: left } = await sql`select from pg_stat_activity where pid = ${pid}`.execute(database.postgres.db);
        return left.length === 0;
      });
      // The end of the connection has come here too, by the time that another answer has.
      await database.postgres.ping();
      await sql`select 1`.execute(tx);
    });

    await expect(lost).rejects.toThrow();
    await apps.asTenant(newId('ten'), async (tx) => sql`select 1`.execute(tx));
  });

  it('has its connection back whenever the server closes one, also while it is being set up', async () => {
    const fragile = new Postgres(new Secret(database.url), { connectionsMax: 1, applicationName: 'fragile' });
    const work = () => fragile.asTenant(newId('ten'), async (tx) => sql`select 1`.execute(tx));
    let closing = true;
    const closer = (async () => {
      while (closing)
        await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fragile'`.execute(
          database.postgres.db,
        );
    })();
    let failed = 0;
    for (let round = 0; round < 200; round += 1) await work().catch(() => (failed += 1));
    closing = false;
    await closer;

    expect(failed).toBeGreaterThan(0);
    await waitFor(work);
    await fragile.close();
  });
});
