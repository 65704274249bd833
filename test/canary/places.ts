import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { dumpDatabase } from '../support/dump-database.js';
import { withRedis } from '../support/redis-books.js';
import { LAST_WORDS, signing } from './scenes.js';
import type { Party, Stage } from './stage.js';

/** Where secrets are looked for. */
export interface Place {
  readonly name: string;
  /** Stands there for certain: a search that does not find it did not search. */
  readonly control: string;
  /** Whether the keys of the service itself live here, as in the memory of its processes. */
  readonly holdsKeysOfService: boolean;
  /** Part by part, for some are large. */
  read(): AsyncIterable<Buffer>;
}

const PAGES = [
  '/',
  '/docs',
  '/docs/swagger-ui-init.js',
  '/openapi.json',
  '/asyncapi.json',
  '/problems',
  '/health/ready',
  '/.well-known/webhook-keys.json',
];
const PAGE_SIZE = 200;

/** All places of a run whose tenants are done; `party` is one that is still active. */
export function placesOf(stage: Stage, party: Party): readonly Place[] {
  const { service, answers, receiver, failing } = stage;
  const [gateway, worker] = [service.gateways[0], service.workers[0]];
  if (gateway === undefined || worker === undefined) throw new Error('the service does not run');
  const received = () => [...receiver.requests, ...failing.requests].map((request) => JSON.stringify(request));
  // Each of its connections knows it for as long as the process lives.
  const databaseName = new URL(service.database.url).pathname.slice(1);
  return [
    textPlace('what the gateway wrote', party.tenantId, () => [gateway.logs()]),
    textPlace('what the worker wrote', party.accountId, () => [worker.logs()]),
    textPlace('every answer', party.imageName, () => answers.texts),
    textPlace('every webhook received', party.imageName, received),
    textPlace('the audit logs', party.accountId, () => auditLogs(party)),
    textPlace('the document and the pages', 'CVM Image Service', () => pagesOf(service.url)),
    textPlace('every row of PostgreSQL', party.imageName, async () => [await dumpDatabase(service.database)]),
    textPlace('every key and value of Redis', party.credential.uin, () => withRedis(service.redisUrl, contentsOf)),
    filesPlace("PostgreSQL's files", party.accountId, stage.postgres.dataDirectory),
    filesPlace("Redis' files", party.credential.uin, service.redisDataDirectory),
    ...LAST_WORDS.map((last) =>
      heapPlace(`the gateway's memory, where ${last.name}`, databaseName, async () => {
        await last.play(party, stage);
        return stage.heaps.take(gateway);
      }),
    ),
    heapPlace("the worker's memory, where the last that it did is sign", databaseName, async () => {
      await signing.play(party, stage);
      return stage.heaps.take(worker);
    }),
  ];
}

function textPlace(name: string, control: string, read: () => Promise<readonly string[]> | readonly string[]): Place {
  return {
    name,
    control,
    holdsKeysOfService: false,
    async *read() {
      for (const text of await read()) yield Buffer.from(text, 'latin1');
    },
  };
}

/** Also what was deleted since, as far as it stands in a log that the server has not given up yet. */
function filesPlace(name: string, control: string, folder: string): Place {
  return { name, control, holdsKeysOfService: false, read: () => filesBelow(folder) };
}

function heapPlace(name: string, control: string, take: () => Promise<Buffer>): Place {
  return {
    name,
    control,
    holdsKeysOfService: true,
    async *read() {
      yield await take();
    },
  };
}

async function pagesOf(url: string): Promise<readonly string[]> {
  return Promise.all(PAGES.map(async (path) => (await fetch(`${url}${path}`)).text()));
}

/** The tenant's and its account's, page by page. */
async function auditLogs({ api, accountId }: Party): Promise<readonly string[]> {
  const pages: string[] = [];
  for (const path of ['/v1/audit-log', `/v1/accounts/${accountId}/audit-log`]) {
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await api.must<{ nextCursor: string | null }>('GET', `${path}?limit=${PAGE_SIZE}${from}`);
      pages.push(JSON.stringify(page));
      cursor = page.nextCursor;
    } while (cursor !== null);
  }
  return pages;
}

async function* filesBelow(folder: string): AsyncIterable<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
    // Servers go on while their files are read, and remove some.
    const content = await readFile(join(parentPath, name)).catch(() => null);
    if (content !== null) yield content;
  }
}

/** Read as bytes would be needless: nothing of ours puts any but text into Redis. */
async function contentsOf(redis: Redis): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const keys of redis.scanStream({ count: 1000 }) as AsyncIterable<string[]>)
    for (const key of keys) texts.push(key, JSON.stringify(await valueOf(redis, key)));
  return texts;
}

async function valueOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, '0', '-1', 'WITHSCORES');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'none':
      return null;
    default:
      throw new Error(`Redis holds a ${type}, which is not read here`);
  }
}
