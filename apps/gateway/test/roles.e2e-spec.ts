import { stopAllProcesses, waitFor } from '#libs/testing';
import {
  type GatewayAlone,
  type KeyedTenant,
  startGatewayAlone,
  STARTING_MS,
} from '../../../test/support/gateway-alone.js';
import {
  addRole,
  createRoleAccount,
  externalIdOf,
  PLATFORM,
  PLATFORM_SETTINGS,
  type TestRole,
} from '../../../test/support/platform.js';

const SCOPES = ['accounts:read', 'accounts:write', 'audit:read'];

interface Log {
  readonly data: readonly { readonly action: string; readonly outcome: string; readonly [field: string]: unknown }[];
}

describe('Accounts that are roles', () => {
  let gateway: GatewayAlone;
  let tenant: KeyedTenant;
  let externalId: string;

  beforeAll(async () => {
    gateway = await startGatewayAlone(PLATFORM_SETTINGS);
    await gateway.simulator.addSubAccount(PLATFORM);
    tenant = await gateway.createTenant(SCOPES);
    externalId = await externalIdOf(tenant.api);
  }, STARTING_MS);
  afterAll(async () => {
    await gateway.stop();
    await stopAllProcesses();
  }, STARTING_MS);

  const post = (role: Pick<TestRole, 'roleArn'>, by = tenant, more: object = {}) =>
    by.api.call('POST', '/v1/accounts', {
      name: 'a role',
      credential: { type: 'assumeRole', roleArn: role.roleArn, ...more },
    });
  const callsOf = async (action: string): Promise<number> => (await gateway.simulator.calls({ action })).length;

  it('are registered under the role that the cloud names, with the external id that their tenant knows before', async () => {
    const role = await addRole(gateway.simulator, [externalId]);
    const answer = await post(role);

    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      uin: role.uin,
      userId: `${role.roleId}:${tenant.id}`,
      credential: { type: 'assumeRole', secretIdHint: null, roleArn: role.roleArn, externalId, version: 1 },
    });
    const ofAccount = await tenant.api.read<Log>(`/v1/accounts/${String(answer.body['id'])}/audit-log`);
    expect(ofAccount.data.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['sts.GetCallerIdentity', 'success'],
      ['account.create', 'success'],
      ['credential.create', 'success'],
    ]);
    const ofTenant = await tenant.api.read<Log>('/v1/audit-log');
    expect(ofTenant.data.at(-1)).toMatchObject({
      action: 'sts.AssumeRole',
      outcome: 'success',
      actor: { id: tenant.keyId },
      upstream: { action: 'sts:AssumeRole', requestId: expect.any(String) as string },
      detail: { roleArn: role.roleArn, sessionName: tenant.id },
    });
    expect(JSON.stringify([answer.body, ofAccount, ofTenant])).not.toContain('canary');
    expect(gateway.process.logs()).not.toMatch(/canary(?!platform)/i);
  });

  it('may be named by the id of the role too', async () => {
    const { uin, roleId } = await addRole(gateway.simulator, [externalId]);

    expect(await post({ roleArn: `qcs::cam::uin/${uin}:role/${roleId}` })).toMatchObject({ status: 201 });
  });

  it('take no external id from the caller', async () => {
    const role = await addRole(gateway.simulator, ['chosen']);
    const calls = await callsOf('AssumeRole');

    expect(await post(role, tenant, { externalId: 'chosen' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/credential/externalId', code: 'unknown_field' }] },
    });
    expect(await callsOf('AssumeRole')).toBe(calls);
  });

  it('of another tenant cannot be assumed, and what must be in the trust policy is said', async () => {
    const role = await addRole(gateway.simulator, [externalId]);
    const stranger = await gateway.createTenant(SCOPES);
    const theirs = await externalIdOf(stranger.api);
    const answer = await post(role, stranger);

    expect(theirs).not.toBe(externalId);
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'credential_rejected', upstreamCode: 'UnauthorizedOperation', externalId: theirs },
    });
    expect(JSON.stringify(answer.body)).not.toContain(externalId);
    expect(await stranger.api.read('/v1/accounts')).toMatchObject({ data: [] });
    expect((await stranger.api.read<Log>('/v1/audit-log')).data.at(-1)).toMatchObject({
      action: 'sts.AssumeRole',
      outcome: 'failure',
      upstream: { code: 'UnauthorizedOperation' },
    });
    // The tenant that the role trusts still can.
    expect(await post(role)).toMatchObject({ status: 201 });
  });

  it('cannot be a role that is not there', async () => {
    expect(await post({ roleArn: 'qcs::cam::uin/100000000009:roleName/nobody' })).toMatchObject({
      status: 422,
      body: { code: 'credential_rejected', upstreamCode: 'ResourceNotFound.RoleNotFound', externalId },
    });
  });

  it('are verified by assuming the role anew each time, for an older answer would tell nothing', async () => {
    const account = await createRoleAccount(tenant.api, gateway.simulator);
    const verify = () => tenant.api.call('POST', `/v1/accounts/${account.id}/verify`);
    expect(await verify()).toMatchObject({ status: 200, body: { ok: true, uin: account.uin } });

    const before = await callsOf('AssumeRole');
    const answers = await Promise.all(Array.from({ length: 10 }, verify));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await callsOf('AssumeRole')) - before).toBe(10);

    await gateway.simulator.addRole({ roleArn: account.roleArn, trustedUin: PLATFORM.uin, externalId: 'changed' });
    expect(await verify()).toMatchObject({
      status: 422,
      body: { code: 'credential_rejected', upstreamCode: 'UnauthorizedOperation', externalId },
    });
  });

  it('change to another credential only where the cloud names the same identity', async () => {
    const account = await createRoleAccount(tenant.api, gateway.simulator);
    const other = await addRole(gateway.simulator, [externalId]);
    const put = (credential: object) => tenant.api.call('PUT', `/v1/accounts/${account.id}/credential`, { credential });
    const key = { secretId: 'AKIDcanaryofrole0001', secretKey: 'canaryKeyOfRole0001' };
    await gateway.simulator.addSubAccount({ uin: account.uin, userId: '200000999001', ...key });

    for (const credential of [
      { type: 'assumeRole', roleArn: other.roleArn },
      { type: 'static', ...key },
    ]) {
      expect(await put(credential)).toMatchObject({ status: 409, body: { code: 'credential_identity_mismatch' } });
    }
    expect(await put({ type: 'assumeRole', roleArn: account.roleArn })).toMatchObject({
      status: 200,
      body: { credential: { type: 'assumeRole', version: 2, externalId } },
    });
    await gateway.simulator.addSubAccount({ uin: account.uin, userId: account.roleId, ...key });
    expect(await put({ type: 'static', ...key })).toMatchObject({
      status: 200,
      body: { credential: { type: 'static', version: 3, roleArn: null, externalId: null } },
    });
    expect(await put({ type: 'assumeRole', roleArn: account.roleArn })).toMatchObject({
      status: 200,
      body: { credential: { type: 'assumeRole', version: 4, secretIdHint: null } },
    });
    const { data } = await tenant.api.read<Log>(`/v1/accounts/${account.id}/audit-log?limit=200`);
    expect(data.filter(({ action }) => action === 'sts.AssumeRole')).toHaveLength(3);
  });

  it('are deleted like any other', async () => {
    const { id } = await createRoleAccount(tenant.api, gateway.simulator);

    expect(await tenant.api.call('DELETE', `/v1/accounts/${id}`)).toMatchObject({ status: 204 });
    expect(await tenant.api.call('GET', `/v1/accounts/${id}`)).toMatchObject({ status: 404 });
  });

  it('are not blamed for the key of the platform', async () => {
    const role = await addRole(gateway.simulator, [externalId]);
    await gateway.simulator.changeSubAccount(PLATFORM.secretId, { disabled: true });
    const answer = await post(role);
    await gateway.simulator.changeSubAccount(PLATFORM.secretId, { disabled: false });

    expect(answer).toMatchObject({ status: 503, body: { code: 'upstream_unavailable' } });
    await waitFor(() => gateway.process.logs().includes('platform_key.refused'));
    expect(await post(role)).toMatchObject({ status: 201 });
  });
});
