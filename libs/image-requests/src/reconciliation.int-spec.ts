import { newId } from '#libs/ids';
import type { Assumption } from '#libs/role-sessions';
import { imageRequestOf } from '../test/image-request-of.js';
import { WorkSide } from '../../../test/support/work-side.js';
import type { Attempt } from './attempt.js';
import { AttemptStore } from './attempt.store.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';

const HOUR_MS = 3_600_000;
const UNAVAILABLE: Assumption = { kind: 'unavailable', cause: 'no full answer within 2000 ms' };

describe('The look for what became of an unanswered call', () => {
  const requests = new ImageRequestWorkStore();
  const attempts = new AttemptStore();
  let work: WorkSide;

  beforeAll(async () => {
    work = await WorkSide.start();
  });
  afterAll(() => work.stop());

  /** A request whose one call was sent and never answered. */
  async function unanswered(more: Partial<ImageRequest> = {}): Promise<ImageRequest> {
    const { stack, caller } = work;
    const at = stack.clock.now();
    const owner = { tenantId: caller.tenantId, accountId: await work.roleAccount() };
    const sent = { status: 'submitting', attemptsMade: 1, createdAt: at, updatedAt: at } as const;
    const request = imageRequestOf(owner, { ...sent, ...more });
    const attempt: Attempt = {
      id: newId('att'),
      imageRequestId: request.id,
      tenantId: request.tenantId,
      number: 1,
      endpoint: 'cvm',
      region: request.region,
      lane: 'lane',
      startedAt: at,
      tokenWaitMs: 0,
      finishedAt: null,
      durationMs: null,
      outcome: null,
      code: null,
      cause: null,
      upstreamRequestId: null,
      imageId: null,
    };
    await stack.database.postgres.transaction(async (tx) => {
      await new ImageRequestStore().insert(tx, request, 'spec');
      await attempts.open(tx, attempt);
      await attempts.close(tx, attempt, { ...attempt, outcome: 'unknown', cause: 'no answer' }, at);
    });
    return request;
  }

  const read = ({ id }: ImageRequest) => requests.find(work.stack.database.postgres.db, id);
  const look = async (request: ImageRequest, hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour++) {
      await work.side.submission.run(request.id);
      work.stack.clock.advance(HOUR_MS);
    }
  };

  it('ends as unknown once the cloud has told nothing for too long', async () => {
    work.assume = async () => work.lent();
    const request = await unanswered();
    await look(request, 8);

    expect(await read(request)).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } });
  });

  it('is not given up while there is no session to look with, and says what it waits for', async () => {
    work.assume = async () => UNAVAILABLE;
    const request = await unanswered();
    await look(request, 12);
    expect(await read(request)).toMatchObject({
      status: 'submitting',
      error: { code: 'role_session_unavailable', hint: expect.stringContaining('the image may be there') as string },
    });

    work.assume = async () => work.lent();
    await look(request, 1);
    expect(await read(request)).toMatchObject({ status: 'failed', error: { code: 'outcome_unknown' } });
  });

  it('gives a request that may be called again all its patience back', async () => {
    const request = await unanswered({ dryRun: true, retryingSince: work.stack.clock.now(), retriesMade: 7 });
    work.stack.clock.advance(HOUR_MS);
    await work.side.submission.run(request.id);

    expect(await read(request)).toMatchObject({ status: 'queued', retryingSince: null, retriesMade: 0 });
  });
});
