import type { Assumption } from '#libs/role-sessions';
import { waitFor } from '#libs/testing';
import { imageRequestOf } from '../test/image-request-of.js';
import { WorkSide } from '../../../test/support/work-side.js';
import { AttemptStore } from './attempt.store.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';

const UNAVAILABLE: Assumption = { kind: 'unavailable', cause: 'no full answer within 2000 ms' };
/** Longer than a lease is good for a call without being renewed. */
const STALE_AFTER_MS = 300;

describe('A call that is written down and not sent', () => {
  let work: WorkSide;
  let made = 0;

  beforeAll(async () => {
    work = await WorkSide.start();
  });
  afterEach(async () => {
    if (work.redis.status === 'end') await work.redis.connect();
  });
  afterAll(() => work.stop());

  /** A dry run, for nothing is asked before its call. */
  async function queued(): Promise<ImageRequest> {
    const { stack, caller } = work;
    const at = stack.clock.now();
    const owner = { tenantId: caller.tenantId, accountId: await work.roleAccount() };
    const instanceId = `ins-${String(++made).padStart(8, '0')}`;
    const request = imageRequestOf(owner, { instanceId, dryRun: true, createdAt: at, updatedAt: at });
    await stack.database.postgres.transaction((tx) => new ImageRequestStore().insert(tx, request, 'spec'));
    return request;
  }

  const outcomeOf = async ({ id, tenantId }: ImageRequest) => {
    const { db } = work.stack.database.postgres;
    const request = await new ImageRequestWorkStore().find(db, id);
    const attempts = await new AttemptStore().list(db, tenantId, id);
    return { status: request?.status, calls: attempts.map(({ outcome, cause }) => [outcome, cause]) };
  };
  const loseRedis = async (): Promise<void> => {
    work.redis.disconnect();
    await waitFor(() => work.redis.status === 'end');
  };

  it('is taken back when its token cannot be given back', async () => {
    work.assume = async () => {
      await loseRedis();
      return UNAVAILABLE;
    };
    const request = await queued();
    await expect(work.side.submission.run(request.id)).rejects.toThrow();

    expect(await outcomeOf(request)).toEqual({
      status: 'queued',
      calls: [['not_sent', 'Redis failed before the call was sent']],
    });
  });

  it('is taken back when its token cannot be renewed', async () => {
    work.assume = async () => {
      const askedAtMs = performance.now();
      await loseRedis();
      await waitFor(() => performance.now() - askedAtMs > STALE_AFTER_MS);
      return work.lent();
    };
    const request = await queued();
    await expect(work.side.submission.run(request.id)).rejects.toThrow();

    expect(await outcomeOf(request)).toEqual({
      status: 'queued',
      calls: [['not_sent', 'Redis failed before the call was sent']],
    });
  });

  it('is taken back when no credential can be had, for a fault of ours', async () => {
    work.assume = async () => {
      throw new Error('the database is gone');
    };
    const request = await queued();
    await expect(work.side.submission.run(request.id)).rejects.toThrow('the database is gone');

    expect(await outcomeOf(request)).toEqual({
      status: 'queued',
      calls: [['not_sent', 'no credential could be had to sign the call with']],
    });
  });

  it('is put off when there is no session, and says why', async () => {
    work.assume = async () => UNAVAILABLE;
    const request = await queued();
    await work.side.submission.run(request.id);

    const cause = "There is no session of the account's role: no full answer within 2000 ms.";
    expect(await outcomeOf(request)).toEqual({ status: 'queued', calls: [['not_sent', cause]] });
  });
});
