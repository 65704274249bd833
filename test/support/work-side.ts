import { CloudClient, Endpoints } from '#libs/cloud';
import { EventStore, Outbox } from '#libs/events';
import { assembleWorkSide } from '#libs/image-requests';
import type { AccountId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { Queues } from '#libs/queues';
import { connectRedis, Hints, RedisMemory } from '#libs/redis';
import { type Assumption, RoleSessions } from '#libs/role-sessions';
import { Secret } from '#libs/secret';
import type { Caller } from '#libs/tenants';
import { testRedisUrl, waitFor } from '#libs/testing';
import { AccountStack, ALICE } from './account-stack.js';

const HOUR_MS = 3_600_000;
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

const POLICY = {
  retryBaseMs: 1000,
  stateRetryDeadlineMs: HOUR_MS,
  upstreamTimeoutMs: 2000,
  resendFenceMs: HOUR_MS,
  trackIntervalMs: 1000,
  trackDeadlineMs: 6 * HOUR_MS,
};

/** What a worker does with requests, over real servers and a cloud that is out of reach, with a clock that is moved by hand. */
export class WorkSide {
  /** What comes of asking for a session of a role. */
  assume: () => Promise<Assumption> = async () => this.lent();
  readonly redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  readonly side: ReturnType<typeof assembleWorkSide>;
  private readonly cloud: CloudClient;
  private readonly queues: Queues;

  private constructor(
    readonly stack: AccountStack,
    readonly caller: Caller,
  ) {
    const { clock, audit, credentials, standing, store: accountStore } = stack;
    const { postgres } = stack.database;
    const { redis } = this;
    const endpoints = new Endpoints({ cvmEndpoint: NOWHERE, stsEndpoint: NOWHERE });
    const hints = new Hints(redis, redis);
    const log = new SilentLog();
    this.cloud = new CloudClient({ endpoints, timeoutMs: POLICY.upstreamTimeoutMs });
    this.queues = new Queues(redis);
    this.side = assembleWorkSide({
      postgres,
      redis,
      hints,
      queues: this.queues,
      outbox: new Outbox(postgres, new EventStore(), hints),
      audit,
      accountStore,
      endpoints,
      clock,
      log,
      credentials,
      roleSessions: new RoleSessions(() => this.assume(), clock, log),
      standing,
      cloud: this.cloud,
      memory: new RedisMemory(redis),
      isBehind: () => false,
      settings: { ...POLICY, createImageLimit: 10, describeImagesLimit: 40, arrivalGuardMs: 100 },
    });
  }

  static async start(): Promise<WorkSide> {
    const stack = await AccountStack.start();
    const work = new WorkSide(stack, await stack.newCaller());
    const { host } = new Endpoints({ cvmEndpoint: NOWHERE, stsEndpoint: NOWHERE }).cvm('intl', 'ap-guangzhou');
    // A lane that nobody knew before rests for a second.
    for (const action of ['CreateImage', 'DescribeImages'] as const) {
      const lane = { host, uin: ALICE.AccountId, userId: ALICE.UserId, action };
      await waitFor(async () => (await work.side.lanes.take(lane, 1000)) !== null);
    }
    return work;
  }

  /** A session that lives as long as one is ever asked for. */
  lent(): Assumption {
    const part = new Secret('lent');
    const expiresAt = new Date(this.stack.clock.now().getTime() + 100 * HOUR_MS);
    return { kind: 'assumed', credential: { secretId: part, secretKey: part, token: part, expiresAt } };
  }

  /** An account that acts as a role. */
  async roleAccount(): Promise<AccountId> {
    const { stack, caller } = this;
    const accountId = await stack.newAccount(caller);
    const role = { type: 'assumeRole', roleArn: 'qcs::cam::uin/1:roleName/images', externalId: 'ours' } as const;
    await stack.database.postgres.asTenant(caller.tenantId, (tx) =>
      stack.credentials.replace(tx, caller.tenantId, accountId, role),
    );
    return accountId;
  }

  async stop(): Promise<void> {
    this.cloud.close();
    await this.queues.close();
    this.redis.disconnect();
    await this.stack.stop();
  }
}
