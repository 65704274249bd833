import { newId } from '#libs/ids';
import { stopAllProcesses } from '#libs/testing';
import {
  type GatewayAlone,
  type KeyedTenant,
  startGatewayAlone,
  STARTING_MS,
} from '../../../test/support/gateway-alone.js';

const SCOPES = ['accounts:read', 'accounts:write', 'audit:read', 'keys:write'];
const ALICE = {
  uin: '100000000001',
  userId: '200000000001',
  secretId: 'AKIDcanaryAlice0wxyz',
  secretKey: 'canaryAlice',
};
const BOB = { uin: '100000000002', userId: '200000000002', secretId: 'AKIDcanaryBob00wxyz', secretKey: 'canaryBob' };

interface Entry {
  readonly action: string;
  readonly actor: { readonly id: string };
  readonly upstream: { readonly requestId: string } | null;
  readonly [field: string]: unknown;
}

interface Log {
  readonly data: readonly Entry[];
  readonly nextCursor: string | null;
}

describe('Accounts', () => {
  let gateway: GatewayAlone;
  let tenant: KeyedTenant;

  beforeAll(async () => {
    gateway = await startGatewayAlone();
    await gateway.simulator.addSubAccount(ALICE);
    await gateway.simulator.addSubAccount(BOB);
    tenant = await gateway.createTenant(SCOPES);
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const credentialOf = ({ secretId, secretKey }: typeof ALICE) => ({ type: 'static', secretId, secretKey });
  const create = () =>
    tenant.api.created<{ id: string }>('/v1/accounts', { name: 'prod', credential: credentialOf(ALICE) });

  it('are registered with the identity that the cloud names, and give nothing of the secret back', async () => {
    const answer = await tenant.api.call('POST', '/v1/accounts', {
      name: 'prod',
      site: 'china',
      credential: credentialOf(ALICE),
    });

    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^acc_/) as string,
      name: 'prod',
      site: 'china',
      status: 'active',
      uin: ALICE.uin,
      userId: ALICE.userId,
      credential: {
        type: 'static',
        secretIdHint: 'AKID…wxyz',
        roleArn: null,
        externalId: null,
        version: 1,
        rotatedAt: expect.any(String) as string,
        rejectedAt: null,
        rejectedCode: null,
      },
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
    expect((await tenant.api.call('GET', `/v1/accounts/${String(answer.body['id'])}`)).body).toEqual(answer.body);
    expect(await create()).toMatchObject({ site: 'intl' });
  });

  it.each([
    ['a credential that the cloud does not know', { ...ALICE, secretId: 'AKIDnobody' }, 422, 'credential_rejected'],
    ['a key of another id', { ...ALICE, secretKey: 'canaryOther' }, 422, 'credential_rejected'],
  ])('are not registered with %s', async (_what, who, status, code) => {
    const answer = await tenant.api.call('POST', '/v1/accounts', { name: 'prod', credential: credentialOf(who) });

    expect(answer).toMatchObject({
      status,
      body: { code, upstreamCode: expect.stringContaining('AuthFailure') as string },
    });
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  it.each([
    [{ name: 'x' }, ['/credential required']],
    [{ name: ' ', credential: null, colour: 1 }, ['/name blank', '/credential required', '/colour unknown_field']],
    [{ name: 'x', credential: 'y', site: 'mars' }, ['/credential wrong_type', '/site unknown_value']],
    [
      { name: 'x', credential: { type: 'static' } },
      ['/credential/secretId required', '/credential/secretKey required'],
    ],
    [
      {
        name: 'x',
        credential: { type: 'static', secretId: 'a b', secretKey: 'c', roleArn: 'qcs::cam::uin/1:roleName/x' },
      },
      ['/credential/secretId malformed', '/credential/roleArn conflict'],
    ],
    [{ name: 'x', credential: { type: 'root' } }, ['/credential/type unknown_value']],
    [{ name: 'x', credential: { type: 'assumeRole', roleArn: 'nonsense' } }, ['/credential/roleArn malformed']],
  ])('are not registered with %j', async (body, faults) => {
    const answer = await tenant.api.call<{ errors: { pointer: string; code: string }[] }>('POST', '/v1/accounts', body);

    expect(answer.status).toBe(400);
    expect(new Set(answer.body.errors.map(({ pointer, code }) => `${pointer} ${code}`))).toEqual(new Set(faults));
  });

  it('cannot be roles while there is no identity to assume them with', async () => {
    const credential = { type: 'assumeRole', roleArn: 'qcs::cam::uin/100000000001:roleName/images' };

    expect(await tenant.api.call('POST', '/v1/accounts', { name: 'x', credential })).toMatchObject({
      status: 422,
      body: { code: 'assume_role_unavailable', detail: expect.stringContaining('PLATFORM_SECRET_ID') as string },
    });
  });

  it('take a new credential only of the same identity', async () => {
    const { id } = await create();
    const put = (who: typeof ALICE) =>
      tenant.api.call('PUT', `/v1/accounts/${id}/credential`, { credential: credentialOf(who) });

    expect(await put(BOB)).toMatchObject({ status: 409, body: { code: 'credential_identity_mismatch' } });
    expect(await put(ALICE)).toMatchObject({ status: 200, body: { credential: { version: 2 } } });
    expect(await tenant.api.call('POST', `/v1/accounts/${id}/verify`)).toMatchObject({
      status: 200,
      body: { ok: true, uin: ALICE.uin, userId: ALICE.userId, arn: expect.stringContaining(ALICE.uin) as string },
    });
  });

  it('of another tenant are not there, in the same words as unknown ones', async () => {
    const { id } = await create();
    const stranger = await gateway.createTenant(SCOPES);
    const calls: [string, string, unknown?][] = [
      ['GET', ''],
      ['PATCH', '', { name: 'mine' }],
      ['PUT', '/credential', { credential: credentialOf(ALICE) }],
      ['POST', '/verify'],
      ['DELETE', ''],
      ['GET', '/audit-log'],
    ];
    for (const [method, path, body] of calls) {
      const answers = [id, newId('acc')].map((which) =>
        stranger.api.call(method, `/v1/accounts/${which}${path}`, body),
      );
      const [foreign, unknown] = await Promise.all(answers);
      expect([foreign?.status, foreign?.body['detail']]).toEqual([404, unknown?.body['detail']]);
    }
    expect(await stranger.api.read('/v1/accounts')).toEqual({ data: [], nextCursor: null });
  });

  it('have a log of all that was done to them, with the cloud’s own request ids', async () => {
    const { id } = await create();
    await tenant.api.call('PATCH', `/v1/accounts/${id}`, { name: 'renamed', status: 'disabled' });
    await tenant.api.call('DELETE', `/v1/accounts/${id}`);
    const path = `/v1/accounts/${id}/audit-log`;
    const log = await tenant.api.read<Log>(path);

    expect(log.data.map(({ action }) => action)).toEqual([
      'sts.GetCallerIdentity',
      'account.create',
      'credential.create',
      'account.update',
      'credential.destroy',
      'account.delete',
    ]);
    expect(log.data[0]).toMatchObject({
      seq: null,
      prevHash: null,
      hash: null,
      actor: { type: 'api_key', id: tenant.keyId, name: 'e2e', ip: '127.0.0.1' },
      target: { type: 'account', id },
      outcome: 'success',
    });
    const calls = await gateway.simulator.calls();
    expect(calls.map(({ requestId }) => requestId)).toContain(log.data[0]?.upstream?.requestId);
    expect(JSON.stringify(log)).not.toContain('canary');

    expect((await tenant.api.read<Log>(`${path}?action=account.update`)).data).toHaveLength(1);
    expect((await tenant.api.read<Log>(`${path}?actorId=key_other`)).data).toEqual([]);
    expect((await tenant.api.read<Log>(`${path}?to=2000-01-01T00:00:00Z`)).data).toEqual([]);
    const first = await tenant.api.read<Log>(`${path}?limit=4`);
    expect((await tenant.api.read<Log>(`${path}?limit=4&cursor=${first.nextCursor}`)).data).toEqual(log.data.slice(4));
  });

  it('leave to the tenant’s own log what belongs to no account, refusals too', async () => {
    const other = await gateway.createTenant(['audit:read', 'keys:write']);
    const made = await other.api.created<{ id: string }>('/v1/api-keys', { name: 'second', scopes: ['audit:read'] });
    await other.api.call('GET', '/v1/accounts');
    const refused = await other.api.call('POST', '/v1/api-keys', { name: 'more', scopes: ['images:write'] });
    expect(refused).toMatchObject({ status: 403, body: { code: 'scope_not_held' } });
    const { data } = await other.api.read<Log>('/v1/audit-log');

    expect(data.map(({ action }) => action)).toEqual([
      'tenant.create',
      'api_key.create',
      'api_key.create',
      'auth.refused',
      'api_key.create',
    ]);
    expect(data[2]).toMatchObject({ actor: { id: other.keyId }, target: { type: 'api_key', id: made.id } });
    expect(data[3]).toMatchObject({
      outcome: 'failure',
      detail: { reason: 'insufficient_scope', path: '/v1/accounts' },
    });
    expect(data[4]).toMatchObject({
      outcome: 'failure',
      target: { id: null },
      detail: { reason: 'scope_not_held', scopes: ['images:write'] },
    });
  });

  it('of a suspended tenant are out of reach', async () => {
    const other = await gateway.createTenant(SCOPES);
    await gateway.admin.call('PATCH', `/v1/tenants/${other.id}`, { status: 'suspended' });

    expect(await other.api.call('GET', '/v1/accounts')).toMatchObject({
      status: 403,
      body: { code: 'tenant_suspended' },
    });
  });
});
