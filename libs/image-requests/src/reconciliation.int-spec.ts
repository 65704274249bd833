import { systemActor } from '#libs/audit';
import { CloudClient, Endpoints } from '#libs/cloud';
import { EventStore, Outbox } from '#libs/events';
import { newId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { Queues } from '#libs/queues';
import { Hints, RedisMemory } from '#libs/redis';
import { type Assumption, RoleSessions } from '#libs/role-sessions';
import { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import { waitFor } from '#libs/testing';
import { AccountStack, ALICE } from '../../../test/support/account-stack.js';
import { imageRequestOf } from '../test/image-request-of.js';
import { assembleWorkSide } from './assemble-image-requests.js';
import type { Attempt } from './attempt.js';
import { AttemptStore } from './attempt.store.js';
import type { ImageRequest } from './image-request.js';
import { ImageRequestStore } from './image-request.store.js';
import { ImageRequestWorkStore } from './image-request-work.store.js';

const HOUR_MS = 3_600_000;
const UNREACHABLE = 'http://127.0.0.1:1';
const SETTINGS = {
  createImageLimit: 10,
  describeImagesLimit: 40,
  arrivalGuardMs: 100,
  upstreamTimeoutMs: 2000,
  retryBaseMs: 1000,
  stateRetryDeadlineMs: HOUR_MS,
  resendFenceMs: HOUR_MS,
  trackIntervalMs: 1000,
  trackDeadlineMs: 6 * HOUR_MS,
};

describe('The look for what became of an unanswered call', () => {
  const work = new ImageRequestWorkStore();
  const attempts = new AttemptStore();
  let stack: AccountStack;
  let caller: Caller;
  let cloud: CloudClient;
  let queues: Queues;
  /** What STS says when a session of the role is asked for. */
  let assumption: Assumption;
  let submission: ReturnType<typeof assembleWorkSide>['submission'];

  beforeAll(async () => {
    stack = await AccountStack.start();
    caller = await stack.newCaller();
    const { clock, redis, audit, credentials, standing, store: accountStore } = stack;
    const { postgres } = stack.database;
    const endpoints = new Endpoints({ cvmEndpoint: UNREACHABLE, stsEndpoint: UNREACHABLE });
    const hints = new Hints(redis, redis);
    const log = new SilentLog();
    cloud = new CloudClient({ endpoints, timeoutMs: 2000 });
    queues = new Queues(redis);
    const side = assembleWorkSide({
      postgres,
      redis,
      hints,
      queues,
      outbox: new Outbox(postgres, new EventStore(), hints),
      audit,
      accountStore,
      endpoints,
      clock,
      log,
      credentials,
      roleSessions: new RoleSessions(async () => assumption, clock, log),
      standing,
      cloud,
      memory: new RedisMemory(redis),
      isBehind: () => false,
      settings: SETTINGS,
    });
    ({ submission } = side);
    // A lane that nobody knew before rests for a second.
    const { host } = endpoints.cvm('intl', 'ap-guangzhou');
    const lane = { host, uin: ALICE.AccountId, userId: ALICE.UserId, action: 'DescribeImages' } as const;
    await waitFor(async () => (await side.lanes.take(lane, 1000)) !== null);
  });
  afterAll(async () => {
    cloud.close();
    await queues.close();
    await stack.stop();
  });

  async function roleAccount(): Promise<Caller & { readonly accountId: ImageRequest['accountId'] }> {
    const accountId = await stack.newAccount(caller);
    const role = { type: 'assumeRole', roleArn: 'qcs::cam::uin/1:roleName/images', externalId: 'ours' } as const;
    await stack.database.postgres.asTenant(caller.tenantId, (tx) =>
      stack.credentials.replace(tx, caller.tenantId, accountId, role),
    );
    return { ...caller, accountId };
  }

  /** A request whose one call was sent and never answered. */
  async function unanswered(owner: Pick<ImageRequest, 'tenantId' | 'accountId'>): Promise<ImageRequest> {
    const at = stack.clock.now();
    const request = imageRequestOf(owner, { status: 'submitting', attemptsMade: 1, createdAt: at, updatedAt: at });
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
    const result = { ...attempt, outcome: 'unknown', cause: 'no answer' } as const;
    await stack.database.postgres.transaction(async (tx) => {
      await new ImageRequestStore().insert(tx, request, systemActor('spec').name);
      await attempts.open(tx, attempt);
      await attempts.close(tx, attempt, result, at);
    });
    return request;
  }

  const statusOf = async ({ id }: ImageRequest) => (await work.find(stack.database.postgres.db, id))?.status;
  const lookFor = async (request: ImageRequest, hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour++) {
      await submission.run(request.id);
      stack.clock.advance(HOUR_MS);
    }
  };

  it('ends as unknown once the cloud has told nothing for too long', async () => {
    const part = new Secret('lent');
    const expiresAt = new Date(stack.clock.now().getTime() + 100 * HOUR_MS);
    assumption = { kind: 'assumed', credential: { secretId: part, secretKey: part, token: part, expiresAt } };
    const request = await unanswered(await roleAccount());
    await lookFor(request, 8);

    expect(await statusOf(request)).toBe('failed');
  });

  it('keeps its patience while there is no session to look with', async () => {
    assumption = { kind: 'unavailable', cause: 'no full answer within 2000 ms' };
    const request = await unanswered(await roleAccount());
    await lookFor(request, 12);
    expect(await statusOf(request)).toBe('submitting');

    const part = new Secret('lent');
    const expiresAt = new Date(stack.clock.now().getTime() + 100 * HOUR_MS);
    assumption = { kind: 'assumed', credential: { secretId: part, secretKey: part, token: part, expiresAt } };
    await lookFor(request, 4);
    expect(await statusOf(request)).toBe('submitting');
    await lookFor(request, 4);
    expect(await statusOf(request)).toBe('failed');
  });
});
