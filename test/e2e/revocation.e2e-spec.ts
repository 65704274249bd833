import { stopAllProcesses, waitFor } from '#libs/testing';
import { type ApiAnswer, ApiClient } from '../support/api-client.js';
import { orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** Far above the half second between two looks, far below the minute that a wait which is not ended goes on. */
const ENDED_WITHIN_MS = 10_000;

describe('The end of a key', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let requestId: string;

  beforeAll(async () => {
    // Nobody works, so a request stays queued and a wait for its end goes on.
    service = await startWholeService({ gateways: 2, workers: 0 });
    tenant = await service.createTenant('ends');
    requestId = (await tenant.api.created<{ id: string }>('/v1/image-requests', orderFor(tenant))).id;
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  async function newKey(owner: TestTenant, expiresAt?: Date): Promise<{ id: string; api: ApiClient }> {
    const order = { name: 'brief', scopes: ['images:read'], ...(expiresAt === undefined ? {} : { expiresAt }) };
    const made = await service.admin.created<{ id: string; key: string }>(`/v1/tenants/${owner.id}/api-keys`, order);
    return { id: made.id, api: new ApiClient(service.gateways[1]?.url ?? '', made.key) };
  }

  /** How and when a wait ended. Another call that is answered after it was sent shows that the gateway is in it. */
  async function wait(api: ApiClient): Promise<{ readonly ended: Promise<ApiAnswer & { readonly at: number }> }> {
    const answer = api.call('GET', `/v1/image-requests/${requestId}?wait=60`);
    await api.read('/v1/me');
    return { ended: answer.then((answered) => ({ ...answered, at: performance.now() })) };
  }

  it('ends the waits that are open on other gateways as soon as it is revoked', async () => {
    const key = await newKey(tenant);
    const { ended } = await wait(key.api);
    const revoked = await service.admin.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${key.id}`);
    const revokedAt = performance.now();

    expect(revoked.status).toBe(204);
    const answer = await ended;
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: 'invalid_api_key', detail: 'This API key has been revoked.' });
    expect(answer.at - revokedAt).toBeLessThan(ENDED_WITHIN_MS);
    const { data } = await tenant.api.read<{ data: unknown[] }>(`/v1/audit-log?actorId=${key.id}&action=auth.refused`);
    expect(data).toMatchObject([
      { actor: { name: 'brief' }, detail: { reason: 'revoked', path: `/v1/image-requests/${requestId}` } },
    ]);
    expect((await key.api.call('GET', '/v1/me')).status).toBe(401);
  });

  it('ends them when it expires, and when its tenant is suspended', async () => {
    const brief = await newKey(tenant, new Date(Date.now() + 1500));
    const other = await service.createTenant('suspended');
    const theirs = (await other.api.created<{ id: string }>('/v1/image-requests', orderFor(other))).id;
    const [expiring, suspended] = [
      brief.api.call('GET', `/v1/image-requests/${requestId}?wait=60`),
      other.api.call('GET', `/v1/image-requests/${theirs}?wait=60`),
    ];
    await other.api.read('/v1/me');
    await service.admin.call('PATCH', `/v1/tenants/${other.id}`, { status: 'suspended' });

    expect((await suspended).body).toMatchObject({ status: 403, code: 'tenant_suspended' });
    expect((await expiring).body).toMatchObject({ status: 401, detail: 'This API key has expired.' });
  });

  it('lets nothing be changed in its name while the cloud takes its time', async () => {
    const order = { name: 'writes', scopes: ['accounts:write'] };
    const made = await service.admin.created<{ id: string; key: string }>(`/v1/tenants/${tenant.id}/api-keys`, order);
    const api = new ApiClient(service.url, made.key);
    const { secretId, secretKey } = tenant.account;
    const delayed = { match: { action: 'GetCallerIdentity' }, times: 2, effect: { kind: 'delay', ms: 4000 } } as const;
    await service.simulator.addFaults(delayed);
    const credential = { type: 'static', secretId, secretKey };
    const writes = [
      api.call('POST', '/v1/accounts', { name: 'late', credential }),
      api.call('PUT', `/v1/accounts/${tenant.account.id}/credential`, { credential }),
    ];
    await waitFor(async () => (await service.simulator.faults()).some(({ fired }) => fired === 2));
    await service.admin.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${made.id}`);

    for (const answer of await Promise.all(writes))
      expect(answer).toMatchObject({ status: 401, body: { detail: 'This API key has been revoked.' } });
    const { data } = await tenant.api.read<{ data: { name: string; credential: { version: number } }[] }>(
      '/v1/accounts',
    );
    expect(data.map(({ credential: { version } }) => version)).toEqual(data.map(() => 1));
    expect(data.map(({ name }) => name)).not.toContain('late');
    const log = await tenant.api.read<{ data: unknown[] }>(`/v1/audit-log?actorId=${made.id}&action=auth.refused`);
    expect(log.data).toHaveLength(2);
  });

  it('ends no wait of another key of the tenant', async () => {
    const [revoked, kept] = [await newKey(tenant), await newKey(tenant)];
    const [ends, waits] = [
      revoked.api.call('GET', `/v1/image-requests/${requestId}?wait=60`),
      kept.api.call('GET', `/v1/image-requests/${requestId}?wait=2`),
    ];
    await kept.api.read('/v1/me');
    await service.admin.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${revoked.id}`);

    expect((await ends).status).toBe(401);
    expect(await waits).toMatchObject({ status: 200, body: { id: requestId, status: 'queued' } });
  });
});
