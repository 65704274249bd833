import { ALICE, cvmClient, startWorld, type World } from './cloud-clients.js';

describe('The control API', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  it('says what is wrong with a rule, and takes none of a list with a bad one', async () => {
    const good = { effect: { kind: 'reset-after' as const } };
    const bad = { effect: { kind: 'error' as const, code: '' } };

    await expect(world.control.addFaults(good, bad)).rejects.toThrow(
      'faults[1].effect.code must be a non-empty string',
    );
    await expect(world.control.changeSettings({ limits: { CreateImages: 3 } })).rejects.toThrow(
      'settings.limits.CreateImages is not known; expected CreateImage',
    );
    await expect(world.control.forceImageState('img-00000000', 'NORMAL')).rejects.toThrow('404');
    expect(await world.control.faults()).toEqual([]);
  });

  it('never shows a secret key', async () => {
    const listed = await (await fetch(`${world.simulator.url}/_control/sub-accounts`)).text();

    expect(listed).toContain(ALICE.secretId);
    expect(listed).not.toContain(ALICE.secretKey);
  });

  it('logs every call as it came, and finds those since a number', async () => {
    const client = cvmClient(world.simulator.url);
    await client.request('DescribeImages', { Limit: 1 }, { headers: { 'X-TC-TraceId': 'job-1' } });
    await client.DescribeInstances({});

    expect(await world.control.calls()).toMatchObject([
      {
        n: 1,
        action: 'DescribeImages',
        version: '2017-03-12',
        region: 'ap-guangzhou',
        host: '127.0.0.1',
        uin: ALICE.uin,
        userId: ALICE.userId,
        secretId: ALICE.secretId,
        traceId: 'job-1',
        parameters: { Limit: 1 },
        rateLimited: false,
        processed: true,
        code: null,
        fault: null,
      },
      { n: 2, action: 'DescribeInstances' },
    ]);
    expect(await world.control.calls({ since: 1 })).toMatchObject([{ n: 2 }]);
  });

  it('proves a name created twice once the cloud lets it happen', async () => {
    await world.control.changeSettings({ enforceUniqueNames: false });
    const client = cvmClient(world.simulator.url);
    await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    await client.CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });

    expect((await world.control.stats()).namesCreatedTwice).toMatchObject([
      { uin: ALICE.uin, region: 'ap-guangzhou', name: 'web-1', imageIds: [expect.any(String), expect.any(String)] },
    ]);
  });

  it('gives the same ids to the same calls after a reset', async () => {
    const create = () => cvmClient(world.simulator.url).CreateImage({ ImageName: 'web-1', InstanceId: 'ins-00000001' });
    const first = await create();
    await world.control.reset();

    expect((await create()).ImageId).toBe(first.ImageId);
  });
});
