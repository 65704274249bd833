import { sql } from 'kysely';
import { newId } from '#libs/ids';
import { stopAllProcesses } from '#libs/testing';
import {
  type GatewayAlone,
  type KeyedTenant,
  startGatewayAlone,
  STARTING_MS,
} from '../../../test/support/gateway-alone.js';
import { createAccount } from '../../../test/support/whole-service.js';

const SCOPES = ['images:read', 'images:write', 'accounts:read', 'accounts:write', 'audit:read'];

interface Listed {
  readonly data: readonly { readonly id: string; readonly imageName: string }[];
  readonly nextCursor: string | null;
}

describe('Image requests', () => {
  let gateway: GatewayAlone;
  let tenant: KeyedTenant;
  let accountId: string;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    tenant = await gateway.createTenant(SCOPES);
    accountId = (await createAccount(tenant.api, gateway.simulator)).id;
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const order = (imageName: string, more: object = {}): object => ({
    accountId,
    region: 'ap-guangzhou',
    imageName,
    snapshotIds: ['snap-3scgxvxn'],
    ...more,
  });

  it('are accepted with 202 and can be followed', async () => {
    const answer = await tenant.api.call(
      'POST',
      '/v1/image-requests',
      order('𝔞'.repeat(60), {
        tags: [{ key: 'team', value: 'build' }],
        metadata: { constructor: 'x', 'a.b': '' },
        startDeadline: '2036-01-31T12:00:00+08:00',
      }),
    );

    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/image-requests/${String(answer.body['id'])}`);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.body).toMatchObject({
      tenantId: tenant.id,
      accountId,
      region: 'ap-guangzhou',
      instanceId: null,
      snapshotIds: ['snap-3scgxvxn'],
      dataDiskIds: [],
      imageDescription: null,
      forcePoweroff: false,
      sysprep: false,
      dryRun: false,
      tags: [{ key: 'team', value: 'build' }],
      imageFamily: null,
      priority: 5,
      startDeadline: '2036-01-31T04:00:00.000Z',
      metadata: { constructor: 'x', 'a.b': '' },
      status: 'queued',
      imageId: null,
      attempts: 0,
      error: null,
      submittedAt: null,
      completedAt: null,
    });
    const followed = await tenant.api.call('GET', String(answer.headers.get('location')));
    expect(followed.body).toMatchObject({ id: answer.body['id'], status: 'queued', metadata: { constructor: 'x' } });
  });

  it('hold a name until they end', async () => {
    const first = await tenant.api.created<{ id: string }>('/v1/image-requests', order('taken'));
    const second = await tenant.api.call('POST', '/v1/image-requests', order('taken'));

    expect(second).toMatchObject({ status: 409, body: { code: 'image_name_in_use', imageRequestId: first.id } });
  });

  it('can be checked without being made', async () => {
    const path = '/v1/image-requests?validateOnly=true';
    expect(await tenant.api.call('POST', path, order('checked'))).toMatchObject({ status: 200, body: { valid: true } });
    expect((await tenant.api.call('POST', path, order('checked', { priority: 11 }))).status).toBe(400);
    expect((await tenant.api.call('POST', path, order('checked', { accountId: newId('acc') }))).status).toBe(404);
    expect((await tenant.api.call('POST', '/v1/image-requests?validateOnly=maybe', order('checked'))).status).toBe(400);

    expect(await tenant.api.read<Listed>('/v1/image-requests?imageName=checked')).toEqual({
      data: [],
      nextCursor: null,
    });
  });

  it('are listed newest first, page by page, and by every filter', async () => {
    const other = (await createAccount(tenant.api, gateway.simulator)).id;
    for (const name of ['one', 'two', 'three'])
      await tenant.api.created('/v1/image-requests', order(name, { accountId: other, metadata: { build: name } }));
    const list = (query: string) => tenant.api.read<Listed>(`/v1/image-requests?accountId=${other}&${query}`);
    const names = async (query: string) => (await list(query)).data.map(({ imageName }) => imageName);

    const first = await list('limit=2');
    expect(first.data.map(({ imageName }) => imageName)).toEqual(['three', 'two']);
    expect(await list(`limit=2&cursor=${first.nextCursor}`)).toMatchObject({
      data: [{ imageName: 'one' }],
      nextCursor: null,
    });
    expect(await names('status=queued&status=failed')).toHaveLength(3);
    expect(await names('status=failed')).toEqual([]);
    expect(await names('metadata.build=two')).toEqual(['two']);
    expect(await names('imageName=one&region=ap-guangzhou')).toEqual(['one']);
    expect(await names('createdAfter=2036-01-01T00:00:00Z')).toEqual([]);
    expect(await names('createdBefore=2036-01-01T00:00:00Z')).toHaveLength(3);
    expect(await names('instanceId=ins-6pb6lrmy')).toEqual([]);
  });

  it.each([
    ['limit=0', 'invalid_input'],
    ['limit=201', 'invalid_input'],
    ['limit=x', 'invalid_input'],
    ['cursor=nonsense', 'invalid_cursor'],
    ['status=lost', 'invalid_input'],
    ['createdAfter=yesterday', 'invalid_input'],
    ['colour=red', 'invalid_input'],
    ['imageName=%00', 'invalid_input'],
  ])('are not listed by a bad query: %s', async (query, code) => {
    expect(await tenant.api.call('GET', `/v1/image-requests?${query}`)).toMatchObject({ status: 400, body: { code } });
  });

  it('can be waited on', async () => {
    const { id } = await tenant.api.created<{ id: string }>('/v1/image-requests', order('waited'));
    const began = performance.now();
    const answer = await tenant.api.call('GET', `/v1/image-requests/${id}`, undefined, { prefer: 'wait=1' });

    expect(performance.now() - began).toBeGreaterThan(900);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
    expect(answer.body['status']).toBe('queued');
    expect((await tenant.api.call('GET', `/v1/image-requests/${id}?wait=61`)).status).toBe(400);
  });

  it('of another tenant are not there', async () => {
    const { id } = await tenant.api.created<{ id: string }>('/v1/image-requests', order('mine'));
    const stranger = await gateway.createTenant(SCOPES);

    const foreign = await stranger.api.call('GET', `/v1/image-requests/${id}?wait=5`);
    const unknown = await stranger.api.call('GET', `/v1/image-requests/${newId('ireq')}`);
    expect(foreign.status).toBe(404);
    expect(foreign.body['detail']).toBe(unknown.body['detail']);
    expect((await stranger.api.read<Listed>('/v1/image-requests')).data).toEqual([]);
  });

  it('keep their account from being deleted, and a disabled account takes none', async () => {
    const { id } = await createAccount(tenant.api, gateway.simulator);
    await tenant.api.created('/v1/image-requests', order('open', { accountId: id }));

    expect(await tenant.api.call('DELETE', `/v1/accounts/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'account_in_use' },
    });
    await tenant.api.call('PATCH', `/v1/accounts/${id}`, { status: 'disabled' });
    expect(await tenant.api.call('POST', '/v1/image-requests', order('late', { accountId: id }))).toMatchObject({
      status: 409,
      body: { code: 'account_disabled' },
    });
    await sql`
      update image_requests set status = 'canceled', waiting_for = null, completed_at = now() where account_id = ${id}
    `.execute(gateway.database.postgres.db);
    expect((await tenant.api.call('DELETE', `/v1/accounts/${id}`)).status).toBe(204);
  });
});
