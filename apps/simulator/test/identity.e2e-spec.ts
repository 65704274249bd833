import { ALICE, BOB, codeOf, cvmClient, startWorld, stsClient, type Credential, type World } from './cloud-clients.js';

const ROLE_ARN = 'qcs::cam::uin/100000000002:roleName/imaging';

interface AssumedRole {
  Credentials: { TmpSecretId: string; TmpSecretKey: string; Token: string };
  ExpiredTime: number;
}

describe('Identity, through the official client', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  async function assumeRole(externalId?: string): Promise<Credential> {
    const answer = (await stsClient(world.simulator.url).request('AssumeRole', {
      RoleArn: ROLE_ARN,
      RoleSessionName: 'session-1',
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    })) as AssumedRole;
    const { TmpSecretId, TmpSecretKey, Token } = answer.Credentials;
    return { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token };
  }

  it('says who a key belongs to', async () => {
    expect(await stsClient(world.simulator.url).request('GetCallerIdentity', {})).toMatchObject({
      AccountId: ALICE.uin,
      UserId: ALICE.userId,
      PrincipalId: ALICE.userId,
      Arn: `qcs::cam::uin/${ALICE.uin}:uin/${ALICE.userId}`,
      Type: 'CAMUser',
    });
  });

  it('lends a role only to the trusted account with the right external id', async () => {
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin, externalId: 'tenant-7' });
    const credential = await assumeRole('tenant-7');

    expect(await stsClient(world.simulator.url, credential).request('GetCallerIdentity', {})).toMatchObject({
      AccountId: BOB.uin,
      UserId: expect.stringMatching(/^\d+:session-1$/) as string,
      Type: 'CAMRole',
    });
    expect(await codeOf(assumeRole('tenant-8'))).toBe('UnauthorizedOperation');
    expect(await codeOf(assumeRole())).toBe('UnauthorizedOperation');
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: BOB.uin });
    expect(await codeOf(assumeRole())).toBe('UnauthorizedOperation');
  });

  it('takes any of several external ids, and the role by its id as well as by its name', async () => {
    const { roleId } = await world.control.addRole({
      roleArn: ROLE_ARN,
      trustedUin: ALICE.uin,
      externalId: ['tenant-7', 'tenant-8'],
    });
    const byId = stsClient(world.simulator.url).request('AssumeRole', {
      RoleArn: `qcs::cam::uin/${BOB.uin}:role/${roleId}`,
      RoleSessionName: 'session-1',
      ExternalId: 'tenant-7',
    });

    await expect(byId).resolves.toBeDefined();
    await expect(assumeRole('tenant-8')).resolves.toBeDefined();
    expect(await codeOf(assumeRole('tenant-9'))).toBe('UnauthorizedOperation');
  });

  it.each([
    ['RoleArn', 'imaging', 'InvalidParameter.ParamError'],
    ['RoleArn', `qcs::cam::uin/${BOB.uin}:roleName/${'x'.repeat(129)}`, 'InvalidParameter.ParamError'],
    ['RoleArn', `${ROLE_ARN}-2`, 'ResourceNotFound.RoleNotFound'],
    ['RoleSessionName', 'x', 'InvalidParameter.ParamError'],
    ['RoleSessionName', 'x'.repeat(129), 'InvalidParameter.ParamError'],
    ['RoleSessionName', 'with space', 'InvalidParameter.ParamError'],
    ['ExternalId', 'x', 'InvalidParameter.ParamError'],
    ['DurationSeconds', 43_201, 'InvalidParameter.OverTimeError'],
  ])('refuses AssumeRole with %s %p', async (name, value, code) => {
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin });
    const order = { RoleArn: ROLE_ARN, RoleSessionName: 'session-1', [name]: value };

    expect(await codeOf(stsClient(world.simulator.url).request('AssumeRole', order))).toBe(code);
  });

  it('ends the sessions of a role, and no others, when it is told to', async () => {
    const other = 'qcs::cam::uin/100000000002:roleName/other';
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin });
    await world.control.addRole({ roleArn: other, trustedUin: ALICE.uin });
    const credential = await assumeRole();
    const identity = () => stsClient(world.simulator.url, credential).request('GetCallerIdentity', {});

    expect(await world.control.endSessions(other)).toBe(0);
    await expect(identity()).resolves.toMatchObject({ Type: 'CAMRole' });
    expect(await world.control.endSessions(ROLE_ARN)).toBe(1);
    expect(await codeOf(identity())).toBe('AuthFailure.TokenFailure');
    await expect(world.control.endSessions('qcs::cam::uin/1:roleName/nobody')).rejects.toThrow('404');
  });

  it('lends no role to a key that is disabled', async () => {
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin });
    await world.control.changeSubAccount(ALICE.secretId, { disabled: true });

    expect(await codeOf(assumeRole())).toBe('AuthFailure.SecretIdNotFound');
  });

  it('lets a role act on the images of its owner', async () => {
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin });
    const ofRole = cvmClient(world.simulator.url, await assumeRole());
    await ofRole.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });

    expect(await cvmClient(world.simulator.url, BOB).DescribeImages({})).toMatchObject({ TotalCount: 1 });
  });

  it('refuses a temporary key without its token, with another one, or past its time', async () => {
    await world.control.addRole({ roleArn: ROLE_ARN, trustedUin: ALICE.uin });
    const { secretId, secretKey, token = '' } = await assumeRole();
    const identityOf = (credential: Credential) =>
      codeOf(stsClient(world.simulator.url, credential).request('GetCallerIdentity', {}));

    expect(await identityOf({ secretId, secretKey })).toBe('AuthFailure.TokenFailure');
    expect(await identityOf({ secretId, secretKey, token: `${token}x` })).toBe('AuthFailure.TokenFailure');
    await world.control.changeSettings({ temporaryKeyDurationMs: 0 });
    expect(await identityOf(await assumeRole())).toBe('AuthFailure.TokenFailure');
  });

  it('refuses a wrong secret, an unknown key and a disabled one', async () => {
    const describe = (credential: Credential) => codeOf(cvmClient(world.simulator.url, credential).DescribeImages({}));

    expect(await describe({ ...ALICE, secretKey: 'wrong' })).toBe('AuthFailure.SignatureFailure');
    expect(await describe({ ...ALICE, secretId: 'AKIDnobody' })).toBe('AuthFailure.SecretIdNotFound');
    await world.control.changeSubAccount(ALICE.secretId, { disabled: true });
    expect(await describe(ALICE)).toBe('AuthFailure.SecretIdNotFound');
  });

  it.each([301_000, -302_000])('refuses a signature when the clocks are %i ms apart', async (clockSkewMs) => {
    await world.control.changeSettings({ clockSkewMs });

    expect(await codeOf(cvmClient(world.simulator.url).DescribeImages({}))).toBe('AuthFailure.SignatureExpire');
  });

  it('takes a signature when the clocks are not quite five minutes apart', async () => {
    await world.control.changeSettings({ clockSkewMs: 298_000 });

    await expect(cvmClient(world.simulator.url).DescribeImages({})).resolves.toMatchObject({ TotalCount: 0 });
  });
});
