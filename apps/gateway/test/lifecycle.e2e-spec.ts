import { randomBytes } from 'node:crypto';
import { createTestDatabase, startProcess, stopAllProcesses, waitFor } from '#libs/testing';
import { ApiClient } from '../../../test/support/api-client.js';
import { gatewayEnvironment, startGatewayAlone, STARTING_MS } from '../../../test/support/gateway-alone.js';
import { createAccount } from '../../../test/support/whole-service.js';

const ADMIN_KEY = randomBytes(32).toString('base64url');

describe('The gateway', () => {
  afterAll(() => stopAllProcesses());

  const start = (env: Readonly<Record<string, string>>) =>
    startProcess({
      name: 'gateway',
      entry: 'dist/apps/gateway/src/main.js',
      env,
      readyWhen: (line) => line.includes('gateway.listening'),
    });

  it(
    'does not start on a schema that is behind, and says how to bring it up',
    async () => {
      const database = await createTestDatabase();

      await expect(start(gatewayEnvironment(database.url, ADMIN_KEY))).rejects.toThrow(
        /ended with 1 .*schema is behind.*npm run db:migrate/s,
      );
      await database.drop();
    },
    STARTING_MS,
  );

  it(
    'names every bad variable at once, and none of their values',
    async () => {
      const env = { ...gatewayEnvironment('mysql://canary', 'canary'), PORT: 'canary' };
      const refusal = await start(env).catch((error: unknown) => String(error));

      expect(refusal).toMatch(/DATABASE_URL .*ADMIN_API_KEY/s);
      expect(refusal).toMatch(/PORT/);
      expect(refusal).not.toContain('canary');
    },
    STARTING_MS,
  );

  it(
    'ends the waits and answers what is open when it is told to stop, then exits with 0',
    async () => {
      const gateway = await startGatewayAlone();
      const tenant = await gateway.createTenant(['images:read', 'images:write', 'accounts:write']);
      const account = await createAccount(tenant.api, gateway.simulator);
      const { id } = await tenant.api.created<{ id: string }>('/v1/image-requests', {
        accountId: account.id,
        region: 'ap-guangzhou',
        imageName: 'myImage',
        instanceId: 'ins-6pb6lrmy',
      });
      const waiting = tenant.api.call('GET', `/v1/image-requests/${id}?wait=60`);
      await waitFor(async () => (await tenant.api.call('GET', '/v1/me')).status === 200);
      const began = performance.now();
      const exited = gateway.process.stop();

      expect(await waiting).toMatchObject({ status: 200, body: { status: 'queued' } });
      expect(await exited).toBe(0);
      expect(performance.now() - began).toBeLessThan(10_000);
      await gateway.stop();
    },
    STARTING_MS,
  );

  it(
    'stays live, says which part fails and still takes requests while Redis is away',
    async () => {
      const gateway = await startGatewayAlone({ REDIS_URL: 'redis://127.0.0.1:1' });
      const anyone = new ApiClient(gateway.url, null);

      expect((await anyone.call('GET', '/health/live')).status).toBe(200);
      expect(await anyone.call('GET', '/health/ready')).toMatchObject({
        status: 503,
        body: { code: 'not_ready', checks: { postgres: 'ok', redis: 'failing', schema: 'ok' } },
      });
      const tenant = await gateway.createTenant(['images:read', 'images:write', 'accounts:write']);
      const account = await createAccount(tenant.api, gateway.simulator);
      const order = { accountId: account.id, region: 'ap-guangzhou', imageName: 'myImage', instanceId: 'ins-6pb6lrmy' };
      expect((await tenant.api.call('POST', '/v1/image-requests', order)).status).toBe(202);
      await gateway.stop();
    },
    STARTING_MS,
  );

  it(
    'answers 503 while PostgreSQL is away, and says nothing of it but that',
    async () => {
      const gateway = await startGatewayAlone();
      await gateway.database.drop();
      const answer = await gateway.admin.call('GET', '/v1/tenants');

      expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(JSON.stringify(answer.body)).not.toMatch(/postgres|database|sql/i);
      await gateway.process.stop();
    },
    STARTING_MS,
  );
});
