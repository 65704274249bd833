import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { testDatabaseUrl } from './test-environment.js';

export interface TestDatabase {
  /** A superuser's, for the new database. */
  readonly url: string;
  /** Disconnects whoever is still there. Safe to repeat. */
  drop(): Promise<void>;
}

/** A database that is prepared once for a run and then copied, which takes far less time than migrating each anew. */
export interface DatabaseTemplate {
  /** Lower case; names the same contents everywhere in a run. */
  readonly name: string;
  /** Fills it, and leaves no connection open. */
  readonly prepare: (url: string) => Promise<void>;
}

/** A database of the caller's own, empty or a copy of the template, on the run's server unless another is named. */
export async function createTestDatabase(
  template?: DatabaseTemplate,
  serverUrl: string = testDatabaseUrl(),
): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  const source = template ? await ensureTemplate(template, serverUrl) : 'template0';
  await asSuperuser(serverUrl, (client) => client.query(`create database ${name} template ${source}`));
  return {
    url: urlOf(serverUrl, name),
    drop: () =>
      asSuperuser(
        serverUrl,
        async (client) => void (await client.query(`drop database if exists ${name} with (force)`)),
      ),
  };
}

/** One caller prepares while the others wait, in whatever process they are. */
async function ensureTemplate({ name, prepare }: DatabaseTemplate, serverUrl: string): Promise<string> {
  const database = `template_${name}`;
  return asSuperuser(serverUrl, async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [database]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount) return database;
    const partial = `partial_${name}`;
    await client.query(`drop database if exists "${partial}" with (force)`);
    await client.query(`create database "${partial}" template template0`);
    await prepare(urlOf(serverUrl, partial));
    await client.query(`alter database "${partial}" rename to "${database}"`);
    return database;
  });
}

/** Closing the connection also releases the lock it may hold. */
async function asSuperuser<Result>(serverUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
