import pg from 'pg';
import type { MigratedDatabase } from '#libs/testing';

/** Every row of every table as text, bytes in hex and as characters: what an attacker with a copy of the database reads. */
export async function dumpDatabase(database: MigratedDatabase): Promise<string> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name
       from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      texts.push(name, ...rows.map(({ row }) => row));
    }
    return texts.join('\n');
  } finally {
    await client.end();
  }
}
