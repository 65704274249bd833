import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { type Actor, type AuditEntry, AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialStore } from '#libs/credentials';
import { NotFound } from '#libs/errors';
import { EventStore, Outbox } from '#libs/events';
import { type AccountId, newId } from '#libs/ids';
import { SilentLog } from '#libs/logging';
import { connectRedis, Hints } from '#libs/redis';
import { assembleRoleAssumption } from '#libs/role-sessions';
import { KeyRing, Sealer } from '#libs/sealing';
import { Secret } from '#libs/secret';
import { type Caller, Tenants, TenantStore } from '#libs/tenants';
import {
  createMigratedDatabase,
  type MigratedDatabase,
  type Receiver,
  startReceiver,
  testRedisUrl,
  waitFor,
} from '#libs/testing';
import { AccountStore } from './account.store.js';
import { Accounts } from './accounts.service.js';
import {
  AccountDisabled,
  AccountInUse,
  AssumeRoleUnavailable,
  CredentialIdentityMismatch,
  CredentialRejected,
  UnknownAccount,
  UpstreamUnavailable,
} from './accounts.errors.js';
import { CredentialCheck } from './credential-check.js';
import { CredentialStanding } from './credential-standing.js';
import { CredentialVerification } from './credential-verification.js';
import { IdentityCheck } from './identity-check.js';

const ACTOR: Actor = { type: 'api_key', id: newId('key'), name: 'spec', ip: null, userAgent: null };
const CREDENTIAL = {
  type: 'static',
  secretId: new Secret('AKIDcanarycanarywxyz'),
  secretKey: new Secret('canary-secret-key'),
} as const;
/** As `#libs/config` reads them, with no identity to assume roles with. */
const SETTINGS = {
  platformSecretId: null,
  platformSecretKey: null,
  createImageLimit: 10,
  describeImagesLimit: 40,
  upstreamTimeoutMs: 2000,
  arrivalGuardMs: 100,
};
const ALICE = { Arn: 'qcs::cam::uin/1:uin/2', AccountId: '1', UserId: '2', PrincipalId: '2', Type: 'SubUser' };

describe('Accounts', () => {
  const clock = new ManualClock();
  const audit = new AuditStore();
  const redis = connectRedis(new Secret(testRedisUrl()), 'commands');
  let database: MigratedDatabase;
  let sts: Receiver;
  let cloud: CloudClient;
  let accounts: Accounts;
  /** What STS answers next: an identity, an error code, or nothing that could be read. */
  let answer: object | 'garbage';

  beforeAll(async () => {
    database = await createMigratedDatabase();
    sts = await startReceiver((response) => {
      const body = answer === 'garbage' ? '<html>' : JSON.stringify({ Response: { RequestId: 'sts-1', ...answer } });
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    const endpoints = new Endpoints({ cvmEndpoint: null, stsEndpoint: `http://127.0.0.1:${sts.port}` });
    cloud = new CloudClient({ endpoints, timeoutMs: 2000 });
    const ring = new KeyRing([{ id: 'k', material: new Secret(randomBytes(32).toString('base64')) }]);
    const { postgres } = database;
    const credentials = new Credentials(postgres, new CredentialStore(), new Sealer(ring), clock);
    const assumption = assembleRoleAssumption({
      postgres,
      redis,
      cloud,
      endpoints,
      audit,
      clock,
      log: new SilentLog(),
      settings: SETTINGS,
    });
    const tenants = new Tenants(postgres, new TenantStore(), audit, clock);
    const check = new CredentialCheck(new IdentityCheck(cloud, endpoints), assumption, tenants);
    const store = new AccountStore();
    const hints = new Hints(redis, redis);
    const outbox = new Outbox(postgres, new EventStore(), hints);
    const standing = new CredentialStanding(postgres, store, credentials, outbox, audit, hints, clock);
    const verification = new CredentialVerification(postgres, store, credentials, check, standing, audit, clock);
    accounts = new Accounts(postgres, store, credentials, check, standing, verification, audit, clock);
  });
  beforeEach(() => (answer = ALICE));
  afterAll(async () => {
    cloud.close();
    await sts.close();
    await database.drop();
    redis.disconnect();
  });

  async function newCaller(): Promise<Caller> {
    const [tenantId, at] = [newId('ten'), clock.now()];
    await sql`
      insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${at}, ${at})
    `.execute(database.postgres.db);
    return { tenantId, actor: ACTOR, requestId: 'req-1' };
  }

  async function logOf({ tenantId }: Caller, accountId: AccountId | null): Promise<readonly AuditEntry[]> {
    return audit.list(database.postgres.db, { tenantId, accountId }, {}, { afterPosition: 0, limit: 100 });
  }

  const create = (caller: Caller) => accounts.create(caller, { name: 'prod', site: 'intl', credential: CREDENTIAL });
  const unused = async (): Promise<boolean> => false;
  const refusal = (code: string): object => ({ Error: { Code: code, Message: 'no' } });

  it('are registered under the identity that the cloud names, with every step on record', async () => {
    const caller = await newCaller();
    const account = await create(caller);

    expect(account).toMatchObject({ uin: '1', userId: '2', arn: ALICE.Arn, credential: { version: 1 } });
    const log = await logOf(caller, account.id);
    expect(log.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['sts.GetCallerIdentity', 'success'],
      ['account.create', 'success'],
      ['credential.create', 'success'],
    ]);
    expect(log[0]?.upstream).toMatchObject({ action: 'sts:GetCallerIdentity', requestId: 'sts-1', code: null });
    expect(JSON.stringify(log)).not.toContain('canary');
  });

  it.each([
    ['a refused credential', refusal('AuthFailure.SecretIdNotFound'), CredentialRejected],
    ['a cloud that answers nothing readable', 'garbage', UpstreamUnavailable],
    ['a cloud that is asked too often', refusal('RequestLimitExceeded'), UpstreamUnavailable],
    ['a cloud that broke down', refusal('InternalError'), UpstreamUnavailable],
  ] as const)('are not registered with %s, and the call stays on record', async (_what, said, error) => {
    const caller = await newCaller();
    answer = said;

    await expect(create(caller)).rejects.toThrow(error);
    expect(await accounts.list(caller.tenantId, { after: null, limit: 10 })).toEqual([]);
    expect(await logOf(caller, null)).toMatchObject([{ action: 'sts.GetCallerIdentity', outcome: 'failure' }]);
  });

  it('cannot be roles while there is no identity to assume them with', async () => {
    const caller = await newCaller();
    const calls = sts.requests.length;
    const credential = { type: 'assumeRole', roleArn: 'qcs::cam::uin/1:roleName/images' } as const;

    await expect(accounts.create(caller, { name: 'x', site: 'intl', credential })).rejects.toThrow(
      AssumeRoleUnavailable,
    );
    expect(sts.requests).toHaveLength(calls);
  });

  it('of another tenant are as if they were not there', async () => {
    const [owner, stranger] = [await newCaller(), await newCaller()];
    const { id } = await create(owner);
    const calls = sts.requests.length;

    const tries = [
      () => accounts.get(stranger.tenantId, id),
      () => accounts.patch(stranger, id, { name: 'mine' }),
      () => accounts.replaceCredential(stranger, id, CREDENTIAL),
      () => accounts.verify(stranger, id),
      () => accounts.delete(stranger, id, unused),
      () => accounts.idOfEver(stranger.tenantId, id),
    ];
    for (const attempt of tries) await expect(attempt()).rejects.toThrow(new NotFound('account'));
    await expect(database.postgres.transaction((tx) => accounts.holdActive(tx, stranger.tenantId, id))).rejects.toThrow(
      UnknownAccount,
    );
    expect(sts.requests).toHaveLength(calls);
    expect(await accounts.get(owner.tenantId, id)).toMatchObject({ name: 'prod' });
  });

  it('keep their credential until the cloud has vouched for the next one, and for the same identity', async () => {
    const caller = await newCaller();
    const { id } = await create(caller);

    answer = refusal('AuthFailure.SignatureFailure');
    await expect(accounts.replaceCredential(caller, id, CREDENTIAL)).rejects.toThrow(CredentialRejected);
    answer = { ...ALICE, UserId: '3' };
    await expect(accounts.replaceCredential(caller, id, CREDENTIAL)).rejects.toThrow(CredentialIdentityMismatch);
    expect(await accounts.get(caller.tenantId, id)).toMatchObject({ credential: { version: 1 } });
    answer = ALICE;
    expect(await accounts.replaceCredential(caller, id, CREDENTIAL)).toMatchObject({ credential: { version: 2 } });

    expect((await logOf(caller, id)).slice(3).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['sts.GetCallerIdentity', 'failure'],
      ['sts.GetCallerIdentity', 'success'],
      ['credential.rotate', 'failure'],
      ['sts.GetCallerIdentity', 'success'],
      ['credential.rotate', 'success'],
    ]);
  });

  it('are verified with the credential that is in force', async () => {
    const caller = await newCaller();
    const { id } = await create(caller);

    expect(await accounts.verify(caller, id)).toMatchObject({
      ok: true,
      uin: '1',
      userId: '2',
      checkedAt: clock.now(),
    });
    answer = refusal('AuthFailure.SecretIdNotFound');
    await expect(accounts.verify(caller, id)).rejects.toThrow(CredentialRejected);
    expect((await logOf(caller, id)).slice(3).map(({ action, outcome }) => [action, outcome])).toEqual([
      ['credential.open', 'success'],
      ['sts.GetCallerIdentity', 'success'],
      ['credential.open', 'success'],
      ['account.credential_rejected', 'failure'],
      ['sts.GetCallerIdentity', 'failure'],
    ]);
  });

  it('take no orders while they are disabled', async () => {
    const caller = await newCaller();
    const { id } = await create(caller);
    const hold = () => database.postgres.transaction((tx) => accounts.holdActive(tx, caller.tenantId, id));
    expect(await hold()).toMatchObject({ id });
    await accounts.patch(caller, id, { status: 'disabled' });

    await expect(hold()).rejects.toThrow(AccountDisabled);
  });

  it('are deleted with their credential, but for their log', async () => {
    const caller = await newCaller();
    const { id } = await create(caller);
    await expect(accounts.delete(caller, id, async () => true)).rejects.toThrow(AccountInUse);
    await accounts.delete(caller, id, unused);

    await expect(accounts.get(caller.tenantId, id)).rejects.toThrow(NotFound);
    const { rows } = await sql`select from credentials where account_id = ${id}`.execute(database.postgres.db);
    expect(rows).toHaveLength(0);
    expect(await accounts.idOfEver(caller.tenantId, id)).toBe(id);
    expect((await logOf(caller, id)).slice(3).map(({ action }) => action)).toEqual([
      'credential.destroy',
      'account.delete',
    ]);
  });

  it('are not deleted while an order that holds them is being written', async () => {
    const caller = await newCaller();
    const { id } = await create(caller);
    const steps: string[] = [];
    const held = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const ordering = database.postgres.transaction(async (tx) => {
      await accounts.holdActive(tx, caller.tenantId, id);
      held.resolve();
      await release.promise;
      steps.push('ordered');
    });
    await held.promise;
    const deleting = accounts.delete(caller, id, async () => {
      steps.push('asked');
      return false;
    });
    await waitFor(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      `.execute(database.postgres.db);
      return rows.length > 0;
    });
    release.resolve();
    await Promise.all([ordering, deleting]);

    expect(steps).toEqual(['ordered', 'asked']);
  });
});
