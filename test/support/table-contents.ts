import pg from 'pg';

/** What a call may write even when it is refused: that it was made. */
const MAY_CHANGE = /^audit_/;
const COLUMNS_THAT_MAY = ['last_used_at'];

/** Every row of every table but the audit log's, by table, so that two moments can be compared. */
export async function tableContents(databaseUrl: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select table_name as name from information_schema.tables
       where table_schema = 'public' and table_type = 'BASE TABLE' order by table_name`,
    );
    const contents: Record<string, readonly string[]> = {};
    for (const { name } of tables.filter((table) => !MAY_CHANGE.test(table.name))) {
      const { rows } = await client.query<{ row: string }>(
        `select (to_jsonb(t) - $1::text[])::text as row from ${client.escapeIdentifier(name)} t order by 1`,
        [COLUMNS_THAT_MAY],
      );
      contents[name] = rows.map(({ row }) => row);
    }
    return contents;
  } finally {
    await client.end();
  }
}
