import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { imageRequestOf } from '../test/image-request-of.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { InstanceStore } from './instance.store.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

describe('The queue of an instance', () => {
  let database: MigratedDatabase;
  const tenantId = newId('ten');
  const accountId = newId('acc');
  const requests = new ImageRequestStore();
  const instances = new InstanceStore();

  const requestFor = (instanceId: string, more: Partial<ImageRequest> = {}): ImageRequest =>
    imageRequestOf({ tenantId, accountId }, { instanceId, waitingFor: 'instance', ...more });
  const insert = async (request: ImageRequest): Promise<ImageRequest> => {
    await database.postgres.transaction((tx) => requests.insert(tx, request, 'spec'));
    return request;
  };
  const release = (request: ImageRequest) =>
    database.postgres.transaction((tx) => instances.releaseNext(tx, request, new Date()));
  const waiting = async (instanceId: string): Promise<number> => {
    const all = await requests.list(database.postgres.db, tenantId, { instanceId }, { after: null, limit: 100 });
    return all.filter(({ waitingFor }) => waitingFor === 'instance').length;
  };

  beforeAll(async () => {
    database = await createMigratedDatabase();
    await sql`insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${AT}, ${AT})`.execute(
      database.postgres.db,
    );
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${accountId}, ${tenantId}, 'spec', 'intl', '1', '2', 'arn', ${AT}, ${AT})
    `.execute(database.postgres.db);
  });
  afterAll(() => database.drop());

  it('moves up one at a time, by priority, then age, however many wait', async () => {
    const ended = requestFor('ins-one00001');
    const inOrder: ImageRequest[] = [];
    for (let n = 0; n < 10; n++) inOrder.push(await insert(requestFor('ins-one00001')));
    const urgent = await insert(requestFor('ins-one00001', { priority: 9 }));

    for (const [index, expected] of [urgent, ...inOrder].entries()) {
      expect((await release(ended))?.id).toBe(expected.id);
      expect(await waiting('ins-one00001')).toBe(10 - index);
    }
    expect(await release(ended)).toBeNull();
  });

  it('lets only as many through as ends race', async () => {
    const ended = requestFor('ins-race0001');
    for (let n = 0; n < 8; n++) await insert(requestFor('ins-race0001'));

    const released = await Promise.all(Array.from({ length: 3 }, () => release(ended)));

    const ids = released.flatMap((request) => request?.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await waiting('ins-race0001')).toBe(8 - ids.length);
  });

  it('is held by any open request that does not itself wait, and by no other', async () => {
    const waiter = await insert(requestFor('ins-held0001'));
    expect(await instances.isHeld(database.postgres.db, waiter)).toBe(false);

    const holder = await insert(requestFor('ins-held0001', { waitingFor: 'retry' }));
    expect(await instances.isHeld(database.postgres.db, waiter)).toBe(true);
    expect(await instances.isHeld(database.postgres.db, holder)).toBe(false);
  });

  it('shows the first of those that nobody released, once for each instance', async () => {
    const first = await insert(requestFor('ins-lost0001'));
    await insert(requestFor('ins-lost0001'));
    await insert(requestFor('ins-lost0002'));
    await insert(requestFor('ins-lost0002', { waitingFor: null }));

    const forgotten = await instances.listForgotten(database.postgres.db, new Date(), 100);
    expect(forgotten.filter(({ instanceId }) => instanceId?.startsWith('ins-lost')).map(({ id }) => id)).toEqual([
      first.id,
    ]);
  });
});
