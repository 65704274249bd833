import { sql } from 'kysely';
import { type AccountId, type ImageRequestId, newId, type TenantId } from '#libs/ids';
import { createMigratedDatabase, type MigratedDatabase } from '#libs/testing';
import { imageRequestOf } from '../test/image-request-of.js';
import type { Attempt } from './attempt.js';
import { AttemptStore } from './attempt.store.js';
import { CredentialHoldStore } from './credential-hold.store.js';
import { credentialRejected } from './failures.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';
import { RecoveryStore } from './recovery.store.js';

const AT = new Date('2026-01-01T00:00:00.000Z');
const LATER = new Date('2026-01-02T00:00:00.000Z');
const REJECTION = { at: AT, code: 'AuthFailure.SecretIdNotFound', upstreamRequestId: 'cvm-1' };
const ERROR = credentialRejected(REJECTION);

describe('The requests of an account whose credential is rejected', () => {
  const tenantId: TenantId = newId('ten');
  const requests = new ImageRequestStore();
  const work = new ImageRequestWorkStore();
  const hold = new CredentialHoldStore();
  const recovery = new RecoveryStore();
  let database: MigratedDatabase;
  let accountId: AccountId;
  let instances = 0;

  beforeAll(async () => {
    database = await createMigratedDatabase();
    await sql`insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${AT}, ${AT})`.execute(
      database.postgres.db,
    );
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    accountId = newId('acc');
    await sql`
      insert into accounts (id, tenant_id, name, site, uin, user_id, arn, created_at, updated_at)
      values (${accountId}, ${tenantId}, 'spec', 'intl', ${accountId}, '2', 'arn', ${AT}, ${AT})
    `.execute(database.postgres.db);
  });

  const insert = async (more: Partial<ImageRequest> = {}): Promise<ImageRequest> => {
    const instanceId = `ins-${String(++instances).padStart(8, '0')}`;
    const request = imageRequestOf({ tenantId, accountId }, { instanceId, ...more });
    await database.postgres.transaction((tx) => requests.insert(tx, request, 'spec'));
    return request;
  };
  const read = (id: ImageRequestId) => work.find(database.postgres.db, id);
  const holdSome = (limit = 100) => hold.holdQueued(database.postgres.db, accountId, REJECTION, LATER, limit);
  const release = (limit = 100) => hold.release(database.postgres.db, accountId, LATER, limit);
  const heldAccounts = async () =>
    (await hold.listHeldAccounts(database.postgres.db)).filter((held) => held === accountId);

  it('begin to wait, oldest first, but for those that wait for their instance or are with the cloud', async () => {
    const [one, two] = [await insert(), await insert({ waitingFor: 'retry', nextAttemptAt: AT, retryingSince: AT })];
    const three = await insert();
    const others = [
      await insert({ waitingFor: 'instance' }),
      await insert({ status: 'submitting' }),
      await insert({ status: 'creating', imageId: 'img-1' }),
    ];

    expect((await holdSome(2)).map(({ id }) => id).sort()).toEqual([one.id, two.id]);
    expect(await holdSome(2)).toEqual([{ id: three.id, region: three.region }]);
    expect(await holdSome(2)).toEqual([]);
    expect(await read(two.id)).toMatchObject({
      status: 'queued',
      waitingFor: 'credential',
      nextAttemptAt: null,
      retryingSince: null,
      error: { code: 'AuthFailure.SecretIdNotFound', category: 'credential' },
    });
    for (const other of others)
      expect(await read(other.id)).toMatchObject({ waitingFor: other.waitingFor, error: null });
    expect(await heldAccounts()).toEqual([accountId]);
  });

  it('are let go once each, however many let them go, and know nothing more of it', async () => {
    for (let n = 0; n < 20; n++) await insert();
    const submitting = await insert({ status: 'submitting', waitingFor: 'credential', error: ERROR });
    await holdSome();
    const released = (await Promise.all(Array.from({ length: 4 }, () => release(10)))).flat();
    released.push(...(await release()));

    expect(new Set(released.map(({ id }) => id)).size).toBe(21);
    expect(released).toHaveLength(21);
    expect(await heldAccounts()).toEqual([]);
    expect(await read(submitting.id)).toMatchObject({
      status: 'submitting',
      waitingFor: null,
      error: null,
      retryingSince: LATER,
    });
    expect(await read(released.find(({ status }) => status === 'queued')!.id)).toMatchObject({
      waitingFor: null,
      error: null,
      retryingSince: null,
    });
  });

  it('are not waited for when somebody is changing them', async () => {
    const [busy, free] = [await insert(), await insert()];
    await database.postgres.transaction(async (tx) => {
      await work.amend(tx, busy, { nextAttemptAt: AT }, AT);
      expect((await holdSome()).map(({ id }) => id)).toEqual([free.id]);
    });

    expect((await holdSome()).map(({ id }) => id)).toEqual([busy.id]);
  });

  it('are not called, nor brought into a lane, nor looked at as stuck', async () => {
    const queued = await insert();
    await holdSome();
    const submitting = await insert({ status: 'submitting', waitingFor: 'credential', error: ERROR });
    const due = { untouchedSince: new Date(), by: new Date() };

    const called = await database.postgres.transaction((tx) => work.transition(tx, queued, 'submitting', {}, LATER));
    expect(called).toBeNull();
    const entrants = await recovery.listForLanes(database.postgres.db, due, { after: null, limit: 1000 });
    expect(entrants.map(({ id }) => id)).not.toContain(queued.id);
    expect(await recovery.listStuckSubmissions(database.postgres.db, due, 1000)).not.toContain(submitting.id);
  });

  const attemptOf = (request: ImageRequest, result: Pick<Attempt, 'outcome' | 'code'>, number = 1): Attempt => ({
    id: newId('att'),
    imageRequestId: request.id,
    tenantId,
    number,
    endpoint: 'cvm',
    region: request.region,
    lane: 'lane',
    startedAt: AT,
    tokenWaitMs: 0,
    finishedAt: null,
    durationMs: null,
    cause: null,
    upstreamRequestId: null,
    imageId: null,
    ...result,
  });

  it.each([
    ['never called', [], true],
    ['turned away for the credential', [{ outcome: 'refused', code: 'AuthFailure.SecretIdNotFound' }], true],
    [
      'not sent, then turned away',
      [
        { outcome: 'not_sent', code: null },
        { outcome: 'refused', code: 'AuthFailure.TokenFailure' },
      ],
      true,
    ],
    ['refused for itself', [{ outcome: 'refused', code: 'ResourceInUse' }], false],
    [
      'unanswered, then turned away',
      [
        { outcome: 'unknown', code: null },
        { outcome: 'refused', code: 'AuthFailure.SecretIdNotFound' },
      ],
      false,
    ],
  ] as const)('that were %s end at their deadline: %p', async (_what, results, ends) => {
    const attempts = new AttemptStore();
    const request = await insert({ startDeadline: AT, attemptsMade: results.length, waitingFor: 'credential' });
    for (const [index, result] of results.entries()) {
      const attempt = attemptOf(request, { outcome: null, code: null }, index + 1);
      await database.postgres.transaction(async (tx) => {
        await attempts.open(tx, attempt);
        const none = { durationMs: null, cause: null, upstreamRequestId: null, imageId: null };
        await attempts.close(tx, attempt, { ...none, ...result }, AT);
      });
    }
    const late = await recovery.listPastDeadline(database.postgres.db, LATER, 1000);

    expect(late.some(({ id }) => id === request.id)).toBe(ends);
  });
});
