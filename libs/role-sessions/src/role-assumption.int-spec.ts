import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import { type AuditEntry, AuditStore, systemActor } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { newId, type TenantId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { Postgres } from '#libs/postgres';
import { connectRedis } from '#libs/redis';
import { Secret } from '#libs/secret';
import {
  createMigratedDatabase,
  type MigratedDatabase,
  type Receiver,
  startReceiver,
  testRedisUrl,
} from '#libs/testing';
import { assembleRoleAssumption } from './assemble-role-assumption.js';
import type { RoleAssumption } from './role-assumption.js';

const SETTINGS = {
  platformSecretId: new Secret('AKIDcanaryplatform'),
  platformSecretKey: new Secret('canary-platform-key'),
  createImageLimit: 10,
  describeImagesLimit: 40,
  upstreamTimeoutMs: 2000,
  arrivalGuardMs: 100,
};
const ROLE_ARN = 'qcs::cam::uin/1:roleName/images';
const LENT = {
  Credentials: { TmpSecretId: 'AKIDcanarytmp', TmpSecretKey: 'canary-tmp-key', Token: 'canary-token' },
  ExpiredTime: 1_767_232_800,
};
const refusal = (Code: string): object => ({ Error: { Code, Message: 'no' } });

describe('RoleAssumption', () => {
  const clock = new ManualClock();
  const audit = new AuditStore();
  let database: MigratedDatabase;
  let redis: Redis;
  let sts: Receiver;
  let cloud: CloudClient;
  let tenantId: TenantId;
  let answer: object | 'garbage';

  beforeAll(async () => {
    [database, sts] = await Promise.all([
      createMigratedDatabase(),
      startReceiver((response) => {
        const body = answer === 'garbage' ? '<html>' : JSON.stringify({ Response: { RequestId: 'sts-1', ...answer } });
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      }),
    ]);
    redis = connectRedis(new Secret(testRedisUrl()), 'commands');
    cloud = new CloudClient({ endpoints: endpoints(), timeoutMs: 2000 });
  });
  beforeEach(async () => {
    answer = LENT;
    tenantId = newId('ten');
    await sql`
      insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', now(), now())
    `.execute(database.postgres.db);
  });
  afterAll(async () => {
    cloud.close();
    redis.disconnect();
    await sts.close();
    await database.drop();
  });

  const endpoints = (): Endpoints => new Endpoints({ cvmEndpoint: null, stsEndpoint: `http://127.0.0.1:${sts.port}` });

  function assumptionOver(parts: { readonly postgres?: Postgres; readonly redis?: Redis } = {}): RoleAssumption {
    return assembleRoleAssumption({
      postgres: database.postgres,
      redis,
      cloud,
      endpoints: endpoints(),
      audit,
      clock,
      log: new SilentLog(),
      settings: SETTINGS,
      ...parts,
    });
  }

  const assume = (assumption = assumptionOver()) =>
    assumption.assume({
      tenantId,
      accountId: null,
      site: 'intl',
      roleArn: ROLE_ARN,
      externalId: 'ours-1',
      actor: systemActor('spec'),
      requestId: 'req-1',
    });

  async function log(): Promise<readonly AuditEntry[]> {
    return audit.list(database.postgres.db, { tenantId, accountId: null }, {}, { afterPosition: 0, limit: 10 });
  }

  it('asks with the external id of the tenant, in the name of the tenant, and has each call on record', async () => {
    const assumption = await assume();

    expect(assumption.kind === 'assumed' && assumption.credential.token.reveal()).toBe('canary-token');
    const sent = sts.requests.at(-1);
    expect(sent?.headers['x-tc-action']).toBe('AssumeRole');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      RoleArn: ROLE_ARN,
      RoleSessionName: tenantId,
      DurationSeconds: 7200,
      ExternalId: 'ours-1',
    });
    const entries = await log();
    expect(entries).toMatchObject([
      {
        action: 'sts.AssumeRole',
        outcome: 'success',
        requestId: 'req-1',
        upstream: { action: 'sts:AssumeRole', region: 'ap-guangzhou', requestId: 'sts-1', code: null },
        detail: { roleArn: ROLE_ARN, sessionName: tenantId, expiresAt: '2026-01-01T02:00:00.000Z' },
      },
    ]);
    expect(JSON.stringify([entries, assumption])).not.toContain('canary');
  });

  it.each([
    ['UnauthorizedOperation', 'refused'],
    ['AuthFailure.UnauthorizedOperation', 'refused'],
    ['ResourceNotFound.RoleNotFound', 'refused'],
    ['InvalidParameter.ParamError', 'refused'],
    ['InvalidParameter.OverTimeError', 'refused'],
    ['AuthFailure.SecretIdNotFound', 'unavailable'],
    ['AuthFailure.SignatureFailure', 'unavailable'],
    ['AuthFailure.SignatureExpire', 'unavailable'],
    ['AuthFailure.AccessKeyIllegal', 'unavailable'],
    ['RequestLimitExceeded', 'unavailable'],
    ['InvalidParameter.OverLimit', 'unavailable'],
    ['InternalError.GetRoleError', 'unavailable'],
    ['UnauthorizedOperation.MFANotFound', 'unavailable'],
    ['OperationDenied', 'unavailable'],
    ['SomethingNew', 'unavailable'],
  ])('takes %s for %s: only what is about the role is held against it', async (code, kind) => {
    answer = refusal(code);

    expect(await assume()).toMatchObject(
      kind === 'refused' ? { kind, askedAt: clock.now(), code, requestId: 'sts-1' } : { kind, cause: code },
    );
    expect(await log()).toMatchObject([{ action: 'sts.AssumeRole', outcome: 'failure' }]);
  });

  it.each([
    ['no JSON', 'garbage'],
    ['no credentials', { ExpiredTime: 1 }],
    ['no token', { ...LENT, Credentials: { ...LENT.Credentials, Token: undefined } }],
    ['no end', { ...LENT, ExpiredTime: undefined }],
  ] as const)('gives no session out of an answer with %s', async (_what, said) => {
    answer = said;

    expect(await assume()).toMatchObject({ kind: 'unavailable' });
  });

  it('gives no session out whose call could not be written down', async () => {
    const postgres = new Postgres(new Secret('postgres://nobody@127.0.0.1:1/none'), { applicationName: 'spec' });

    await expect(assume(assumptionOver({ postgres }))).rejects.toThrow();
    await postgres.close();
  });

  it('makes no call without Redis, and says so', async () => {
    const gone = connectRedis(new Secret('redis://127.0.0.1:1'), 'commands');
    const calls = sts.requests.length;

    expect(await assume(assumptionOver({ redis: gone }))).toMatchObject({ kind: 'unavailable' });
    expect(sts.requests).toHaveLength(calls);
    expect(await log()).toEqual([]);
    gone.disconnect();
  });
});
