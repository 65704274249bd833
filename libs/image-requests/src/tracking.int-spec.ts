import { sql } from 'kysely';
import { imageRequestOf } from '../test/image-request-of.js';
import { WorkSide } from '../../../test/support/work-side.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';

const HOUR_MS = 3_600_000;

describe('An image that is being made', () => {
  let work: WorkSide;
  let made = 0;

  beforeAll(async () => {
    work = await WorkSide.start();
  });
  afterAll(() => work.stop());

  async function creating(): Promise<ImageRequest> {
    const { stack, caller } = work;
    const at = stack.clock.now();
    const owner = { tenantId: caller.tenantId, accountId: await work.roleAccount() };
    const serial = String(++made).padStart(8, '0');
    const image = { imageId: `img-${serial}`, instanceId: `ins-${serial}`, submittedAt: at, nextAttemptAt: at };
    const request = imageRequestOf(owner, { ...image, status: 'creating', createdAt: at, updatedAt: at });
    await stack.database.postgres.transaction((tx) => new ImageRequestStore().insert(tx, request, 'spec'));
    return request;
  }

  const look = async (request: ImageRequest): Promise<unknown> => {
    await work.side.tracking.run(request.accountId, request.region);
    return new ImageRequestWorkStore().find(work.stack.database.postgres.db, request.id);
  };
  const mark = async ({ accountId }: ImageRequest, code: string | null): Promise<void> => {
    const at = code === null ? null : work.stack.clock.now();
    await sql`
      update accounts set rejected_at = ${at}::timestamptz, rejected_code = ${code} where id = ${accountId}
    `.execute(work.stack.database.postgres.db);
  };

  it('is not given up while the credential of its account is rejected, however long that takes', async () => {
    const request = await creating();
    await mark(request, 'AuthFailure.SecretIdNotFound');
    work.stack.clock.advance(100 * HOUR_MS);

    expect(await look(request)).toMatchObject({ status: 'creating', error: null });
  });

  it('is not given up while there is no session of the role of its account', async () => {
    const request = await creating();
    work.assume = async () => ({ kind: 'unavailable', cause: 'no full answer within 2000 ms' });
    work.stack.clock.advance(100 * HOUR_MS);

    expect(await look(request)).toMatchObject({ status: 'creating', error: null });
  });

  it('is given up at its deadline when the cloud was asked and told nothing of it', async () => {
    const request = await creating();
    work.assume = async () => work.lent();
    expect(await look(request)).toMatchObject({ status: 'creating' });
    work.stack.clock.advance(100 * HOUR_MS);

    expect(await look(request)).toMatchObject({ status: 'failed', error: { code: 'tracking_deadline_exceeded' } });
  });
});
