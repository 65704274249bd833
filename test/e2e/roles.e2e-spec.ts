import { sql } from 'kysely';
import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, newImageName, newInstanceId } from '../support/image-requests.js';
import {
  addRole,
  createRoleAccount,
  externalIdOf,
  PLATFORM,
  PLATFORM_SETTINGS,
  type RoleAccount,
} from '../support/platform.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

const BURST = 200;
const TOKEN_LIFE_MS = 5000;

/** One worker, so that what a process does once is done once; fast lanes, so that a burst is one. */
describe('an account that is a role', () => {
  let service: WholeService;
  let tenant: TestTenant;

  beforeAll(async () => {
    service = await startWholeService({
      settings: { ...PLATFORM_SETTINGS, CREATE_IMAGE_LIMIT: '400', DESCRIBE_IMAGES_LIMIT: '800' },
    });
    await service.simulator.addSubAccount(PLATFORM);
    await service.simulator.changeSettings({ limits: { CreateImage: 400, DescribeImages: 800 } });
    tenant = await service.createTenant('roles');
  }, 60_000);
  beforeEach(async () => {
    await service.simulator.changeSettings({ temporaryKeyDurationMs: null });
    await service.simulator.clearFaults();
    await service.simulator.clearCalls();
  });
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const post = (account: RoleAccount, by = tenant) =>
    by.api.created<ImageRequestView>('/v1/image-requests', {
      accountId: account.id,
      region: 'ap-guangzhou',
      imageName: newImageName(),
      instanceId: newInstanceId(),
    });
  const finish = async (account: RoleAccount): Promise<ImageRequestView> => ended(tenant.api, (await post(account)).id);
  const calls = (action?: string) => service.simulator.calls(action === undefined ? {} : { action });
  const codes = async () => new Set((await calls()).flatMap(({ code }) => code ?? []));

  it('has its images made, each call signed by a session of the role and each session on record', async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    await service.simulator.clearCalls();
    const request = await finish(account);

    expect(request).toMatchObject({ status: 'succeeded', error: null, attempts: 1 });
    const [image] = await service.simulator.images({ name: request.imageName });
    expect(image).toMatchObject({ uin: account.uin, imageId: request.imageId });
    const [create] = await calls('CreateImage');
    expect(create).toMatchObject({ uin: account.uin, userId: `${account.roleId}:${tenant.id}`, code: null });
    expect(await codes()).toEqual(new Set());
    const { data } = await tenant.api.read<{ data: { action: string; actor: object; detail: object }[] }>(
      `/v1/accounts/${account.id}/audit-log?limit=200`,
    );
    expect(data.filter(({ action }) => action === 'sts.AssumeRole')).toMatchObject([
      {
        actor: { type: 'system', name: 'worker' },
        outcome: 'success',
        upstream: { action: 'sts:AssumeRole', requestId: expect.any(String) as string, code: null },
        detail: { roleArn: account.roleArn, sessionName: tenant.id },
      },
    ]);
    expect(service.logs()).not.toMatch(/canary/);
  }, 60_000);

  it('shares the lane of its role with the accounts of other tenants', async () => {
    const other = await service.createTenant('other');
    const role = await addRole(service.simulator, [await externalIdOf(tenant.api), await externalIdOf(other.api)]);
    const [ours, theirs] = [
      await createRoleAccount(tenant.api, service.simulator, role),
      await createRoleAccount(other.api, service.simulator, role),
    ];
    await ended(tenant.api, (await post(ours)).id);
    await ended(other.api, (await post(theirs, other)).id);

    const { rows } = await sql<{ lane: string }>`
      select distinct lane from attempts join image_requests on image_requests.id = attempts.image_request_id
      where account_id in (${ours.id}, ${theirs.id})
    `.execute(service.database.postgres.db);
    expect(rows).toEqual([{ lane: expect.stringContaining(`|${role.uin}|${role.roleId}|`) as string }]);
  }, 60_000);

  it(`asks STS once for a burst of ${BURST} requests after the end of a session`, async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    await service.simulator.changeSettings({ temporaryKeyDurationMs: 2000 });
    expect(await finish(account)).toMatchObject({ status: 'succeeded' });
    const overAt = Date.now() + 2000;
    await waitFor(() => Date.now() > overAt, { timeoutMs: 5000 });
    await service.simulator.changeSettings({ temporaryKeyDurationMs: null });
    await service.simulator.clearCalls();

    const posted = await Promise.all(Array.from({ length: BURST }, () => post(account)));
    const requests = await Promise.all(posted.map(({ id }) => ended(tenant.api, id)));

    expect(requests.filter(({ status }) => status !== 'succeeded')).toEqual([]);
    expect(await calls('AssumeRole')).toHaveLength(1);
    expect(await calls('CreateImage')).toHaveLength(BURST);
    expect(await codes()).toEqual(new Set());
  }, 120_000);

  it('goes on with a fresh session when the cloud does not take the old one any more', async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    await finish(account);
    await service.simulator.clearCalls();
    expect(await service.simulator.endSessions(account.roleArn)).toBeGreaterThan(0);
    // The look-up by name meets the end of the first session, and the call itself that of the second.
    await service.simulator.addFaults({
      match: { action: 'CreateImage', uin: account.uin },
      times: 2,
      effect: { kind: 'error', code: 'AuthFailure.TokenFailure' },
    });
    const request = await finish(account);

    expect(request).toMatchObject({ status: 'succeeded', attempts: 3, error: null });
    expect(await calls('AssumeRole')).toHaveLength(3);
    expect(await codes()).toEqual(new Set(['AuthFailure.TokenFailure']));
  }, 60_000);

  it.each(['AuthFailure.SecretIdNotFound', 'AuthFailure.SignatureFailure'])(
    'does not hold %s of a session against its role',
    async (code) => {
      const account = await createRoleAccount(tenant.api, service.simulator);
      await service.simulator.addFaults({
        match: { action: 'CreateImage', uin: account.uin },
        times: 1,
        effect: { kind: 'error', code },
      });
      expect(await finish(account)).toMatchObject({ status: 'succeeded', attempts: 2, error: null });

      expect(await tenant.api.read(`/v1/accounts/${account.id}`)).toMatchObject({
        credential: { rejectedCode: null, rejectedAt: null },
      });
    },
    60_000,
  );

  it(`never meets the end of a session though each lives ${TOKEN_LIFE_MS / 1000} seconds`, async () => {
    await service.simulator.changeSettings({ temporaryKeyDurationMs: TOKEN_LIFE_MS });
    const account = await createRoleAccount(tenant.api, service.simulator);
    const endAt = Date.now() + TOKEN_LIFE_MS * 2.5;
    const posted: string[] = [];
    while (Date.now() < endAt) {
      const { id } = await post(account);
      posted.push(id);
      await ended(tenant.api, id);
    }

    for (const id of posted) expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect((await calls('AssumeRole')).length).toBeGreaterThan(2);
    expect(await codes()).toEqual(new Set());
  }, 60_000);

  it('is marked when its role cannot be assumed any more, and goes on once the trust policy is mended', async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    const trust = (externalId: string) =>
      service.simulator.addRole({ roleArn: account.roleArn, trustedUin: PLATFORM.uin, externalId });
    await trust('changed');
    const { id } = await post(account);
    const read = () => tenant.api.read<ImageRequestView>(`/v1/image-requests/${id}`);
    await waitFor(async () => (await read()).error !== null, { timeoutMs: 20_000 });

    const waiting = await read();
    expect(waiting).toMatchObject({
      status: 'queued',
      waitingFor: 'retry',
      attempts: 0,
      error: { code: 'UnauthorizedOperation', category: 'credential' },
    });
    expect(waiting.error?.hint).toContain('trust policy');
    expect(await tenant.api.read(`/v1/accounts/${account.id}`)).toMatchObject({
      credential: { rejectedCode: 'UnauthorizedOperation', rejectedAt: expect.any(String) as string },
    });
    expect((await tenant.api.call('POST', `/v1/accounts/${account.id}/verify`)).status).toBe(422);
    expect(await calls('CreateImage')).toEqual([]);

    await trust(await externalIdOf(tenant.api));
    expect((await tenant.api.call('POST', `/v1/accounts/${account.id}/verify`)).body).toMatchObject({ ok: true });
    expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', error: null });
  }, 90_000);

  it('waits while the key of the platform is refused, and blames nobody', async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    await service.simulator.changeSubAccount(PLATFORM.secretId, { disabled: true });
    const { id } = await post(account);
    await waitFor(() => service.logs().includes('platform_key.refused'), { timeoutMs: 20_000 });
    expect(await tenant.api.read(`/v1/image-requests/${id}`)).toMatchObject({ status: 'queued', error: null });
    await service.simulator.changeSubAccount(PLATFORM.secretId, { disabled: false });

    expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded' });
  }, 60_000);

  it('uses the session that it has while Redis is away for a moment, and asks for no other', async () => {
    const account = await createRoleAccount(tenant.api, service.simulator);
    await finish(account);
    await service.simulator.clearCalls();
    await service.restartRedis();

    expect(await finish(account)).toMatchObject({ status: 'succeeded' });
    expect(await calls('AssumeRole')).toEqual([]);
  }, 60_000);
});
