import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import {
  Accounts,
  AccountStore,
  CredentialCheck,
  CredentialStanding,
  CredentialVerification,
  DailyVerification,
  IdentityCheck,
  VerificationStore,
} from '#libs/accounts';
import { type Actor, AuditStore } from '#libs/audit';
import { ManualClock } from '#libs/clock';
import { CloudClient, Endpoints } from '#libs/cloud';
import { Credentials, CredentialStore } from '#libs/credentials';
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
} from '#libs/testing';

const ACTOR: Actor = { type: 'api_key', id: newId('key'), name: 'spec', ip: null, userAgent: null };

/** As `#libs/config` reads them, with no identity to assume roles with. */
const NO_PLATFORM = {
  platformSecretId: null,
  platformSecretKey: null,
  createImageLimit: 10,
  describeImagesLimit: 40,
  upstreamTimeoutMs: 2000,
  arrivalGuardMs: 100,
};

export const CREDENTIAL = {
  type: 'static',
  secretId: new Secret('AKIDcanarycanarywxyz'),
  secretKey: new Secret('canary-secret-key'),
} as const;
/** What STS answers of a good credential. */
export const ALICE = { Arn: 'qcs::cam::uin/1:uin/2', AccountId: '1', UserId: '2', PrincipalId: '2', Type: 'SubUser' };

export const refusal = (code: string): object => ({ Error: { Code: code, Message: 'no' } });

interface StoredEvent {
  readonly type: string;
  readonly subject: string;
  readonly account_id: string;
  readonly data: { readonly account: { readonly credential: Record<string, unknown> } };
}

/** The accounts over a real database, with an STS that says what it is told to, and a clock that is moved by hand. */
export class AccountStack {
  /** What STS answers next: an identity, an error code, or nothing that could be read. */
  answer: object | 'garbage' = ALICE;
  /** Holds back every answer of STS until it resolves. */
  gate: Promise<void> | null = null;
  readonly store = new AccountStore();
  readonly audit = new AuditStore();
  readonly credentials: Credentials;
  readonly standing: CredentialStanding;
  readonly verification: CredentialVerification;
  readonly daily: DailyVerification;
  readonly accounts: Accounts;
  private readonly cloud: CloudClient;

  private constructor(
    readonly database: MigratedDatabase,
    readonly sts: Receiver,
    readonly clock: ManualClock,
    readonly redis: ReturnType<typeof connectRedis>,
  ) {
    const { store, audit } = this;
    const { postgres } = database;
    const endpoints = new Endpoints({ cvmEndpoint: null, stsEndpoint: `http://127.0.0.1:${sts.port}` });
    this.cloud = new CloudClient({ endpoints, timeoutMs: 2000 });
    const ring = new KeyRing([{ id: 'k', material: new Secret(randomBytes(32).toString('base64')) }]);
    const hints = new Hints(redis, redis);
    const outbox = new Outbox(postgres, new EventStore(), hints);
    const assumption = assembleRoleAssumption({
      postgres,
      redis,
      cloud: this.cloud,
      endpoints,
      audit,
      clock,
      log: new SilentLog(),
      settings: NO_PLATFORM,
    });
    const tenants = new Tenants(postgres, new TenantStore(), audit, clock);
    const check = new CredentialCheck(new IdentityCheck(this.cloud, endpoints), assumption, tenants);
    this.credentials = new Credentials(postgres, new CredentialStore(), new Sealer(ring), clock);
    this.standing = new CredentialStanding(postgres, store, this.credentials, outbox, audit, hints, clock);
    this.verification = new CredentialVerification(
      postgres,
      store,
      this.credentials,
      check,
      this.standing,
      audit,
      clock,
    );
    this.daily = new DailyVerification(postgres, new VerificationStore(), this.verification, clock, new SilentLog());
    this.accounts = new Accounts(
      postgres,
      store,
      this.credentials,
      check,
      this.standing,
      this.verification,
      audit,
      clock,
    );
  }

  static async start(): Promise<AccountStack> {
    let stack: AccountStack | null = null;
    const sts = await startReceiver((response) => {
      void (async () => {
        await stack?.gate;
        const said = stack?.answer;
        const body = said === 'garbage' ? '<html>' : JSON.stringify({ Response: { RequestId: 'sts-1', ...said } });
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      })();
    });
    const redis = connectRedis(new Secret(testRedisUrl()), 'commands');
    stack = new AccountStack(await createMigratedDatabase(), sts, new ManualClock(), redis);
    return stack;
  }

  async stop(): Promise<void> {
    this.cloud.close();
    await this.sts.close();
    await this.database.drop();
    this.redis.disconnect();
  }

  async newCaller(): Promise<Caller> {
    const [tenantId, at] = [newId('ten'), this.clock.now()];
    await sql`
      insert into tenants (id, name, created_at, updated_at) values (${tenantId}, 'spec', ${at}, ${at})
    `.execute(this.database.postgres.db);
    return { tenantId, actor: ACTOR, requestId: 'req-1' };
  }

  async newAccount(caller: Caller): Promise<AccountId> {
    this.answer = ALICE;
    return (await this.accounts.create(caller, { name: 'prod', site: 'intl', credential: CREDENTIAL })).id;
  }

  async actionsOf({ tenantId }: Caller, accountId: AccountId): Promise<readonly string[]> {
    const page = { afterPosition: 0, limit: 100 };
    const log = await this.audit.list(this.database.postgres.db, { tenantId, accountId }, {}, page);
    return log.map(({ action, outcome }) => `${action} ${outcome}`);
  }

  async eventsOf(accountId: AccountId): Promise<readonly StoredEvent[]> {
    const { rows } = await sql<StoredEvent>`
      select type, subject, account_id, data from events where account_id = ${accountId} order by position
    `.execute(this.database.postgres.db);
    return rows;
  }
}
