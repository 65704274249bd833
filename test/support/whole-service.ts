import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { TENANT_SCOPES } from '#libs/tenants';
import {
  createMigratedDatabase,
  type MigratedDatabase,
  type StartedProcess,
  startPrivateRedis,
  startProcess,
} from '#libs/testing';
import { ApiClient } from './api-client.js';
import { checkEvents } from './check-events.js';
import { SimulatorControl } from './simulator-control.js';

type Environment = Readonly<Record<string, string>>;

export interface ServiceOptions {
  readonly workers?: number;
  readonly gateways?: number;
  /** A superuser's URL of the PostgreSQL to use; the run's own unless given. */
  readonly postgresUrl?: string;
  readonly simulator?: Environment;
  /** Added to the environment of the gateway and the workers. */
  readonly settings?: Environment | ((simulatorUrl: string) => Environment);
}

/** The service as an operator runs it: built apps, each a process of its own, over real servers. */
export interface WholeService {
  readonly url: string;
  readonly admin: ApiClient;
  readonly simulator: SimulatorControl;
  readonly simulatorUrl: string;
  readonly database: MigratedDatabase;
  readonly redisUrl: string;
  readonly redisDataDirectory: string;
  readonly adminKey: string;
  /** Base64, as it stands in the key ring. */
  readonly masterKey: string;
  /** Base64 of its DER. */
  readonly auditSigningKey: string;
  readonly workers: readonly StartedProcess[];
  readonly gateways: readonly StartedProcess[];
  /** One worker more, like the others but for the settings that are given. */
  startWorker(settings?: Environment): Promise<StartedProcess>;
  /** One gateway more, at the address of one that is gone if that is given. */
  startGateway(url?: string, settings?: Environment): Promise<StartedProcess>;
  /** Redis is gone, for as long as `meanwhile` takes, and back with what it had on disk. */
  restartRedis(meanwhile?: () => Promise<void>): Promise<void>;
  /** All that the gateway and the workers wrote. */
  logs(): string;
  /** A tenant of its own with a key of all scopes, and an account whose credential the simulator knows. */
  createTenant(name: string): Promise<TestTenant>;
  stop(): Promise<void>;
}

export interface TestTenant {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly api: ApiClient;
  readonly account: TestAccount;
}

export interface TestAccount {
  readonly id: string;
  readonly uin: string;
  readonly userId: string;
  readonly secretId: string;
  readonly secretKey: string;
}

export async function startWholeService(options: ServiceOptions = {}): Promise<WholeService> {
  // For the programs that are run without jest; within it this holds for every file.
  checkEvents();
  const [database, redis, simulator] = await Promise.all([
    createMigratedDatabase(options.postgresUrl),
    startPrivateRedis(),
    startProcess({
      name: 'simulator',
      entry: 'dist/apps/simulator/src/main.js',
      env: { SIMULATOR_PORT: '0', SIMULATOR_SEED: '1', SIMULATOR_IMAGE_DURATION_MS: '300', ...options.simulator },
      readyWhen: (line) => line.includes('simulator.listening'),
    }),
  ]);
  const simulatorUrl = simulator.url ?? '';
  const settings = typeof options.settings === 'function' ? options.settings(simulatorUrl) : options.settings;
  const adminKey = randomBytes(32).toString('base64url');
  const masterKey = randomBytes(32).toString('base64');
  const auditSigningKey = generateKeyPairSync('ed25519')
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .toString('base64');
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    MASTER_KEYS: `test:${masterKey}`,
    AUDIT_SIGNING_KEY: auditSigningKey,
    CVM_ENDPOINT: simulatorUrl,
    STS_ENDPOINT: simulatorUrl,
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOWED_CIDRS: '127.0.0.0/8',
    ...settings,
  };
  const worker = {
    TRACK_INTERVAL_MS: '100',
    RETRY_BASE_MS: '50',
    RESEND_FENCE_MS: '1000',
    UPSTREAM_TIMEOUT_MS: '2000',
    ...settings,
  };
  const workers: StartedProcess[] = [];
  const startWorker = async (changed?: Environment): Promise<StartedProcess> => {
    const started = await startProcess({
      name: 'worker',
      entry: 'dist/apps/worker/src/main.js',
      env: { ...env, ...worker, ...changed },
      readyWhen: (line) => line.includes('worker.started'),
    });
    workers.push(started);
    return started;
  };
  const gateways: StartedProcess[] = [];
  const startGateway = async (url?: string, changed?: Environment): Promise<StartedProcess> => {
    const started = await startProcess({
      name: 'gateway',
      entry: 'dist/apps/gateway/src/main.js',
      env: {
        ...env,
        PORT: url === undefined ? '0' : new URL(url).port,
        HOST: '127.0.0.1',
        ADMIN_API_KEY: adminKey,
        ...changed,
      },
      readyWhen: (line) => line.includes('gateway.listening'),
    });
    gateways.push(started);
    return started;
  };
  await Promise.all([
    ...Array.from({ length: options.gateways ?? 1 }, () => startGateway()),
    ...Array.from({ length: options.workers ?? 1 }, () => startWorker()),
  ]);
  const url = gateways[0]?.url ?? '';
  const admin = new ApiClient(url, adminKey);
  const control = new SimulatorControl(simulatorUrl);

  return {
    url,
    admin,
    simulator: control,
    simulatorUrl,
    database,
    redisUrl: redis.url,
    redisDataDirectory: redis.dataDirectory,
    adminKey,
    masterKey,
    auditSigningKey,
    workers,
    gateways,
    startWorker,
    startGateway,
    restartRedis: (meanwhile) => redis.restart(meanwhile),
    logs: () => [...gateways, ...workers].map((process) => process.logs()).join('\n'),
    createTenant: (name) => createTenant(url, admin, control, name),
    stop: async () => {
      await Promise.all([...gateways, ...workers].map((process) => process.stop()));
      await Promise.all([simulator.stop(), redis.stop(), database.drop()]);
    },
  };
}

let accountsMade = 0;

async function createTenant(
  url: string,
  admin: ApiClient,
  simulator: SimulatorControl,
  name: string,
): Promise<TestTenant> {
  const tenant = await admin.created<{ id: string }>('/v1/tenants', { name });
  const { key } = await admin.created<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
    name: 'e2e',
    scopes: TENANT_SCOPES,
  });
  const api = new ApiClient(url, key);
  return { id: tenant.id, name, key, api, account: await createAccount(api, simulator) };
}

/** An identity that the simulator and no other account knows; its secret is easy to recognise anywhere it should not be. */
export async function createAccount(
  api: ApiClient,
  simulator: SimulatorControl,
  order: Readonly<Record<string, unknown>> = {},
): Promise<TestAccount> {
  const number = String(++accountsMade).padStart(6, '0');
  const [uin, userId] = [`100000${number}`, `200000${number}`];
  const secretId = `AKIDcanary${number}${randomBytes(8).toString('hex')}`;
  const secretKey = `canarySecret${number}${randomBytes(12).toString('hex')}`;
  await simulator.addSubAccount({ uin, userId, secretId, secretKey });
  const account = await api.created<{ id: string }>('/v1/accounts', {
    name: `account ${number}`,
    credential: { type: 'static', secretId, secretKey },
    ...order,
  });
  return { id: account.id, uin, userId, secretId, secretKey };
}
