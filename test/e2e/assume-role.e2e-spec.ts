import { CloudClient, Endpoints } from '#libs/cloud';
import { Secret } from '#libs/secret';
import { type StartedProcess, startProcess, stopAllProcesses } from '#libs/testing';
import { PLATFORM } from '../support/platform.js';
import { SimulatorControl } from '../support/simulator-control.js';

const ROLE_ARN = 'qcs::cam::uin/100000000002:roleName/imaging';
const SESSION = {
  roleArn: ROLE_ARN,
  sessionName: 'ten_01h455vb4pex5vsknk084sn02q',
  externalId: 'ours',
  durationSeconds: 7200,
};

/** The client's own path over a socket, signature and all; what it makes of odd answers is tested beside it. */
describe('CloudClient.assumeRole against the simulated cloud', () => {
  let simulator: StartedProcess;
  let control: SimulatorControl;
  let cloud: CloudClient;

  beforeAll(async () => {
    simulator = await startProcess({
      name: 'simulator',
      entry: 'dist/apps/simulator/src/main.js',
      env: { SIMULATOR_PORT: '0', SIMULATOR_SEED: '1' },
      readyWhen: (line) => line.includes('simulator.listening'),
    });
    const url = simulator.url ?? '';
    control = new SimulatorControl(url);
    cloud = new CloudClient({ endpoints: new Endpoints({ cvmEndpoint: url, stsEndpoint: url }), timeoutMs: 5000 });
    await control.addSubAccount(PLATFORM);
    await control.addRole({ roleArn: ROLE_ARN, trustedUin: PLATFORM.uin, externalId: 'ours' });
  }, 60_000);
  afterAll(async () => {
    cloud.close();
    await simulator.stop();
    await stopAllProcesses();
  }, 60_000);

  const place = { site: 'intl', region: 'ap-guangzhou' } as const;
  const assume = (changes: Partial<typeof SESSION> = {}) => {
    const credential = {
      secretId: new Secret(PLATFORM.secretId),
      secretKey: new Secret(PLATFORM.secretKey),
      token: null,
    };
    return cloud.assumeRole({ ...place, credential }, { ...SESSION, ...changes });
  };

  it('is lent a key that signs as the role until the time that was asked for', async () => {
    const outcome = await assume();
    if (outcome.kind !== 'read') throw new Error(outcome.kind);
    const lifeMs = outcome.value.expiresAt.getTime() - Date.now();

    expect(lifeMs).toBeGreaterThan(7_100_000);
    expect(lifeMs).toBeLessThanOrEqual(7_200_000);
    expect(await cloud.getCallerIdentity({ ...place, credential: outcome.value })).toMatchObject({
      kind: 'read',
      value: { uin: '100000000002', userId: expect.stringMatching(/^\d+:ten_/) as string, type: 'CAMRole' },
    });
  });

  it.each([
    ['another external id', { externalId: 'theirs' }, 'UnauthorizedOperation'],
    ['a role that is not there', { roleArn: `${ROLE_ARN}-2` }, 'ResourceNotFound.RoleNotFound'],
    ['a name that the cloud does not take', { sessionName: 'a b' }, 'InvalidParameter.ParamError'],
    ['a longer life than the cloud gives', { durationSeconds: 43_201 }, 'InvalidParameter.OverTimeError'],
  ])('is refused with %s', async (_what, changes, code) => {
    expect(await assume(changes)).toMatchObject({ kind: 'refused', code });
  });

  it('is told nothing usable where the cloud breaks down', async () => {
    await control.addFaults({ match: { action: 'AssumeRole' }, times: 1, effect: { kind: 'garbage' } });

    expect(await assume()).toMatchObject({ kind: 'unavailable' });
  });
});
