import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  createMigratedDatabase,
  type MigratedDatabase,
  type StartedProcess,
  startProcess,
  testRedisUrl,
} from '#libs/testing';
import { ApiClient } from './api-client.js';
import { SimulatorControl } from './simulator-control.js';

/** How long processes may take to start on a machine that is busy with other tests. */
export const STARTING_MS = 60_000;

/** A built gateway over a real database, with a simulated STS and no worker: what it enqueues stays where it is. */
export interface GatewayAlone {
  readonly url: string;
  readonly admin: ApiClient;
  readonly adminKey: string;
  readonly process: StartedProcess;
  readonly database: MigratedDatabase;
  readonly simulator: SimulatorControl;
  /** A tenant with a key of the given scopes. */
  createTenant(scopes: readonly string[], name?: string): Promise<KeyedTenant>;
  stop(): Promise<void>;
}

export interface KeyedTenant {
  readonly id: string;
  readonly key: string;
  readonly keyId: string;
  readonly api: ApiClient;
}

export async function startGatewayAlone(settings: Readonly<Record<string, string>> = {}): Promise<GatewayAlone> {
  const [database, simulator] = await Promise.all([
    createMigratedDatabase(),
    startProcess({
      name: 'simulator',
      entry: 'dist/apps/simulator/src/main.js',
      env: { SIMULATOR_PORT: '0', SIMULATOR_SEED: '1' },
      readyWhen: (line) => line.includes('simulator.listening'),
    }),
  ]);
  const simulatorUrl = simulator.url ?? '';
  const adminKey = randomBytes(32).toString('base64url');
  const gateway = await startProcess({
    name: 'gateway',
    entry: 'dist/apps/gateway/src/main.js',
    env: { ...gatewayEnvironment(database.url, adminKey), STS_ENDPOINT: simulatorUrl, ...settings },
    readyWhen: (line) => line.includes('gateway.listening'),
  });
  const url = gateway.url ?? '';
  const admin = new ApiClient(url, adminKey);

  return {
    url,
    admin,
    adminKey,
    process: gateway,
    database,
    simulator: new SimulatorControl(simulatorUrl),
    createTenant: (scopes, name = 'a tenant') => createTenant(url, admin, scopes, name),
    stop: async () => {
      await Promise.all([gateway.stop(), simulator.stop()]);
      await database.drop();
    },
  };
}

/** All that the gateway requires, on a free port of loopback. */
export function gatewayEnvironment(databaseUrl: string, adminKey: string): Record<string, string> {
  const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    DATABASE_URL: databaseUrl,
    REDIS_URL: testRedisUrl(),
    MASTER_KEYS: `test:${randomBytes(32).toString('base64')}`,
    AUDIT_SIGNING_KEY: signingKey.toString('base64'),
    ADMIN_API_KEY: adminKey,
    PORT: '0',
    HOST: '127.0.0.1',
  };
}

async function createTenant(
  url: string,
  admin: ApiClient,
  scopes: readonly string[],
  name: string,
): Promise<KeyedTenant> {
  const tenant = await admin.created<{ id: string }>('/v1/tenants', { name });
  const made = await admin.created<{ id: string; key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
    name: 'e2e',
    scopes,
  });
  return { id: tenant.id, key: made.key, keyId: made.id, api: new ApiClient(url, made.key) };
}
