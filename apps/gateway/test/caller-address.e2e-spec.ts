import { sql } from 'kysely';
import { stopAllProcesses } from '#libs/testing';
import { ApiClient } from '../../../test/support/api-client.js';
import { type GatewayAlone, startGatewayAlone, STARTING_MS } from '../../../test/support/gateway-alone.js';

interface Refusal {
  readonly actor: { readonly ip: string };
  readonly detail: { readonly reason: string; readonly folded?: number };
}

const FORWARDED = '203.0.113.9';

/** What the audit log holds of refused keys, the first one first. */
async function refusalsOf(gateway: GatewayAlone): Promise<readonly Refusal[]> {
  const { rows } = await sql<Refusal>`
    select actor, detail from audit_entries where action = 'auth.refused' order by position
  `.execute(gateway.database.postgres.db);
  return rows;
}

describe("A caller's address", () => {
  let gateway: GatewayAlone;

  afterEach(() => gateway.stop(), STARTING_MS);
  afterAll(() => stopAllProcesses());

  async function refusedFrom(forwardedFor: string): Promise<string | undefined> {
    const headers = { 'x-forwarded-for': forwardedFor };
    await new ApiClient(gateway.url, null).call('GET', '/v1/me', undefined, headers);
    return (await refusalsOf(gateway)).at(-1)?.actor.ip;
  }

  it.each([
    ['is the one that dialled, whatever it claims, when no proxy is trusted', '', FORWARDED, '127.0.0.1'],
    ['is the one that dialled when another proxy is trusted', '192.0.2.0/24', FORWARDED, '127.0.0.1'],
    ['is the one that a trusted proxy names', '127.0.0.0/8', FORWARDED, FORWARDED],
    ['is the last one before a trusted proxy', '127.0.0.0/8', `198.51.100.1, ${FORWARDED}`, FORWARDED],
  ])(
    '%s',
    async (_what, proxies, forwardedFor, address) => {
      gateway = await startGatewayAlone({ TRUSTED_PROXIES: proxies });

      expect(await refusedFrom(forwardedFor)).toBe(address);
    },
    STARTING_MS,
  );

  it(
    'has an entry for each of its first refusals in a minute, with and without a key that is known',
    async () => {
      gateway = await startGatewayAlone({ TRUSTED_PROXIES: '127.0.0.0/8' });
      const nobody = new ApiClient(gateway.url, null);
      const known = await gateway.createTenant(['images:read']);
      for (let again = 0; again < 50; again += 1)
        expect(
          (await nobody.call('GET', '/v1/me', undefined, { 'x-forwarded-for': `192.0.2.${again % 2}` })).status,
        ).toBe(401);
      for (let again = 0; again < 3; again += 1) expect((await known.api.call('GET', '/v1/accounts')).status).toBe(403);

      const refusals = await refusalsOf(gateway);
      const missing = refusals.filter(({ detail }) => detail.reason === 'missing').map(({ actor }) => actor.ip);
      for (const address of ['192.0.2.0', '192.0.2.1']) expect(missing.filter((ip) => ip === address)).toHaveLength(20);
      expect(refusals.filter(({ detail }) => detail.reason === 'insufficient_scope')).toHaveLength(3);
    },
    STARTING_MS,
  );
});
