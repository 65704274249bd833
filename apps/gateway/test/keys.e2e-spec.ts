import { ApiClient } from '../../../test/support/api-client.js';
import { type GatewayAlone, startGatewayAlone, STARTING_MS } from '../../../test/support/gateway-alone.js';
import { stopAllProcesses, waitFor } from '#libs/testing';

interface Problem {
  readonly code: string;
  readonly status: number;
  readonly type: string;
  readonly detail: string;
  readonly requestId: string;
}

describe('API keys', () => {
  let gateway: GatewayAlone;
  let anonymous: ApiClient;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    anonymous = new ApiClient(gateway.url, null);
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  it('are shown once, and tell whose they are', async () => {
    const tenant = await gateway.createTenant(['images:read']);

    expect(tenant.key).toMatch(/^cvmk_[A-Za-z0-9_-]{43}$/);
    const me = await tenant.api.call('GET', '/v1/me');
    expect(me.headers.get('cache-control')).toBe('no-store');
    expect(me.body).toEqual({
      tenant: { id: tenant.id, name: 'a tenant', externalId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
      apiKey: { id: tenant.keyId, name: 'e2e', scopes: ['images:read'], expiresAt: null },
    });
    const listed = await gateway.admin.call('GET', `/v1/tenants/${tenant.id}/api-keys`);
    expect(listed.body).toMatchObject({ data: [{ id: tenant.keyId, prefix: tenant.key.slice(0, 12) }] });
    expect(JSON.stringify(listed.body)).not.toContain(tenant.key.slice(12));
  });

  it.each([
    ['no key', {}, 'missing_api_key'],
    ['a scheme that is not Bearer', { authorization: 'Basic YTpi' }, 'missing_api_key'],
    ['an unknown key', { authorization: `Bearer cvmk_${'x'.repeat(43)}` }, 'invalid_api_key'],
    ['something that is no key', { authorization: 'Bearer nonsense' }, 'invalid_api_key'],
  ])('are needed: %s gets 401 with a challenge', async (_what, headers, code) => {
    const answer = await anonymous.call<Problem>('GET', '/v1/me', undefined, headers);

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ code, status: 401, type: `${gateway.url}/problems/${code}` });
  });

  it('open nothing but what their scopes say', async () => {
    const tenant = await gateway.createTenant(['images:read']);
    const answer = await tenant.api.call<Problem>('GET', '/v1/accounts');

    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ code: 'insufficient_scope', requiredScope: 'accounts:read' });
    expect((await tenant.api.call('GET', '/v1/tenants')).status).toBe(403);
    expect((await gateway.admin.call('GET', '/v1/accounts')).status).toBe(403);
  });

  it('make none that outlives them', async () => {
    const tenant = await gateway.createTenant(['keys:write', 'images:read']);
    const expiresAt = new Date(Date.now() + 3_600_000);
    const order = { name: 'made', scopes: ['images:read'] };
    const brief = await gateway.admin.created<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
      name: 'brief',
      scopes: ['keys:write', 'images:read'],
      expiresAt,
    });
    const maker = new ApiClient(gateway.url, brief.key);

    for (const later of [undefined, null, new Date(expiresAt.getTime() + 1)]) {
      const refused = await maker.call<Problem>('POST', '/v1/api-keys', { ...order, expiresAt: later });
      expect(refused).toMatchObject({ status: 403, body: { code: 'expiry_too_late' } });
      expect(refused.body.detail).toContain(expiresAt.toISOString());
    }
    const made = await maker.created<{ expiresAt: string }>('/v1/api-keys', { ...order, expiresAt });
    expect(made.expiresAt).toBe(expiresAt.toISOString());
    expect((await tenant.api.call('POST', '/v1/api-keys', order)).status).toBe(201);
  });

  it('are found by how they begin, by their tenant and over all tenants by an operator', async () => {
    const [tenant] = [await gateway.createTenant(['keys:write']), await gateway.createTenant(['keys:write'])];
    await tenant.api.created('/v1/api-keys', { name: 'another', scopes: ['keys:write'] });
    const prefix = tenant.key.slice(0, 12);
    const found = [{ id: tenant.keyId, prefix, lastUsedAt: expect.any(String) as string }];

    expect((await tenant.api.call('GET', `/v1/api-keys?prefix=${prefix}`)).body).toMatchObject({ data: found });
    const holders = await gateway.admin.read<{ data: { id: string }[] }>(`/v1/tenants?apiKeyPrefix=${prefix}`);
    expect(holders.data.map(({ id }) => id)).toEqual([tenant.id]);
    const path = `/v1/tenants/${tenant.id}/api-keys?prefix=${prefix}`;
    expect((await gateway.admin.call('GET', path)).body).toMatchObject({ data: found });
    // The whole key has no place in a URL, so nobody gets used to it.
    expect((await gateway.admin.call('GET', `/v1/tenants?apiKeyPrefix=${tenant.key}`)).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '?apiKeyPrefix', code: 'too_long' }],
    });
  });

  it('end with their revocation and their expiry at once', async () => {
    const tenant = await gateway.createTenant(['images:read']);
    const brief = await gateway.admin.created<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
      name: 'brief',
      scopes: ['images:read'],
      expiresAt: new Date(Date.now() + 300).toISOString(),
    });
    const briefly = new ApiClient(gateway.url, brief.key);

    expect((await briefly.call('GET', '/v1/me')).status).toBe(200);
    await waitFor(async () => (await briefly.call('GET', '/v1/me')).status === 401);
    expect((await briefly.call('GET', '/v1/me')).body).toMatchObject({
      code: 'invalid_api_key',
      detail: 'This API key has expired.',
    });

    expect((await gateway.admin.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${tenant.keyId}`)).status).toBe(204);
    expect((await tenant.api.call('GET', '/v1/me')).body).toMatchObject({
      code: 'invalid_api_key',
      detail: 'This API key has been revoked.',
    });
  });
});
