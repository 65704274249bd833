import { ALICE, codeOf, cvmClient, startWorld, stsClient, type World } from './cloud-clients.js';

const SECOND_KEY = { ...ALICE, secretId: 'AKIDalice2', secretKey: 'alice-secret-2' };

describe('Limits, through the official client', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  it('refuses the eleventh CreateImage of one second, in the words of the cloud', async () => {
    const client = cvmClient(world.simulator.url);
    const answers = await Promise.allSettled(
      Array.from({ length: 11 }, (_, index) =>
        client.CreateImage({ ImageName: `web-${index}`, InstanceId: `ins-000000${10 + index}` }),
      ),
    );
    const refused = answers.filter((answer) => answer.status === 'rejected').map((answer) => answer.reason as Error);

    expect(refused).toMatchObject([
      {
        code: 'RequestLimitExceeded',
        message:
          'Your current request times equals to `11` in a second, which exceeds the frequency limit `10` for a second. ' +
          'Please reduce the frequency of calls.',
      },
    ]);
    expect(await world.control.images()).toHaveLength(10);
    expect(await world.control.calls()).toHaveLength(11);
    const bucket = `127.0.0.1|${ALICE.uin}|${ALICE.userId}`;
    expect(await world.control.stats()).toMatchObject({
      rejected: { CreateImage: 1 },
      maxArrivalsInAnySecond: { CreateImage: { [bucket]: 11 } },
      maxAdmittedInAnySecond: { CreateImage: { [bucket]: 10 } },
    });
  });

  it('counts all keys of one user together, and each host and action apart', async () => {
    await world.control.addSubAccount(SECOND_KEY);
    await world.control.changeSettings({ limits: { DescribeImages: 1 } });
    const byName = world.simulator.url.replace('127.0.0.1', 'localhost');

    await cvmClient(world.simulator.url).DescribeImages({});
    expect(await codeOf(cvmClient(world.simulator.url, SECOND_KEY).DescribeImages({}))).toBe('RequestLimitExceeded');
    await expect(cvmClient(byName, SECOND_KEY).DescribeImages({})).resolves.toBeDefined();
    await expect(cvmClient(world.simulator.url).DescribeInstances({})).resolves.toBeDefined();
  });

  it('counts all sessions of one role together, apart from those who assumed it', async () => {
    await world.control.addRole({ roleArn: 'qcs::cam::uin/1:roleName/imaging', trustedUin: ALICE.uin });
    await world.control.changeSettings({ limits: { DescribeImages: 1 } });
    const [first, second] = await Promise.all(['one', 'two'].map(assumeRole));

    await cvmClient(world.simulator.url).DescribeImages({});
    await cvmClient(world.simulator.url, first).DescribeImages({});
    expect(await codeOf(cvmClient(world.simulator.url, second).DescribeImages({}))).toBe('RequestLimitExceeded');

    async function assumeRole(session: string) {
      const answer = (await stsClient(world.simulator.url).request('AssumeRole', {
        RoleArn: 'qcs::cam::uin/1:roleName/imaging',
        RoleSessionName: `session-${session}`,
      })) as { Credentials: { TmpSecretId: string; TmpSecretKey: string; Token: string } };
      const { TmpSecretId, TmpSecretKey, Token } = answer.Credentials;
      return { secretId: TmpSecretId, secretKey: TmpSecretKey, token: Token };
    }
  });

  it('works at a higher limit when told so', async () => {
    await world.control.changeSettings({ limits: { CreateImage: 50 } });
    const client = cvmClient(world.simulator.url);
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        client.CreateImage({ ImageName: `web-${index}`, InstanceId: `ins-000000${10 + index}` }),
      ),
    );

    expect(await world.control.images()).toHaveLength(50);
  });
});
