import { Client } from 'pg';
import { createTestDatabase } from './test-database.js';

async function tablesOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    );
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

describe('createTestDatabase', () => {
  it('gives each caller an empty database of its own', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await run(one.url, 'create table only_here ()');

    expect(await tablesOf(one.url)).toEqual(['only_here']);
    expect(await tablesOf(two.url)).toEqual([]);
    await Promise.all([one.drop(), two.drop()]);
  });

  it('prepares a template once, however many ask for it at the same time', async () => {
    let preparations = 0;
    const template = {
      name: `spec_${process.pid}`,
      prepare: async (url: string) => {
        preparations += 1;
        await run(url, 'create table prepared ()');
      },
    };
    const databases = await Promise.all(Array.from({ length: 4 }, () => createTestDatabase(template)));

    expect(preparations).toBe(1);
    for (const { url } of databases) expect(await tablesOf(url)).toEqual(['prepared']);
    await Promise.all(databases.map((database) => database.drop()));
  });

  it('drops a database that someone is still connected to', async () => {
    const database = await createTestDatabase();
    const client = new Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();

    await database.drop();
    await expect(tablesOf(database.url)).rejects.toThrow(/does not exist/);
  });
});
