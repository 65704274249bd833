import type { SimulatorFault } from '../../../test/support/simulator-control.js';
import { ALICE, codeOf, cvmClient, failureOf, startWorld, type World } from './cloud-clients.js';

const ORDER = { ImageName: 'web-1', InstanceId: 'ins-00000001' };

describe('Faults, through the official client', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
  });
  beforeEach(() => world.control.reset());
  afterAll(() => world.simulator.close());

  const createImage = (timeoutSeconds = 1) =>
    cvmClient(world.simulator.url, ALICE, 'ap-guangzhou', timeoutSeconds).CreateImage(ORDER);

  it.each<{ effect: SimulatorFault; images: number; message: RegExp }>([
    { effect: { kind: 'error', code: 'InternalError', message: 'no luck' }, images: 0, message: /no luck/ },
    { effect: { kind: 'error-after', code: 'InternalError', message: 'no luck' }, images: 1, message: /no luck/ },
    { effect: { kind: 'reset-before' }, images: 0, message: /ECONNRESET|hang up/ },
    { effect: { kind: 'reset-after' }, images: 1, message: /ECONNRESET|hang up/ },
    { effect: { kind: 'hang-before' }, images: 0, message: /network timeout/ },
    { effect: { kind: 'hang-after' }, images: 1, message: /network timeout/ },
    { effect: { kind: 'hang-before', ms: 20 }, images: 0, message: /ECONNRESET|hang up/ },
    { effect: { kind: 'hang-after', ms: 20 }, images: 1, message: /ECONNRESET|hang up/ },
    { effect: { kind: 'bad-gateway' }, images: 0, message: /Bad Gateway/ },
    { effect: { kind: 'bad-gateway', after: true }, images: 1, message: /Bad Gateway/ },
    { effect: { kind: 'truncated' }, images: 1, message: /Response timeout/ },
    { effect: { kind: 'garbage' }, images: 1, message: /invalid json/ },
    { effect: { kind: 'empty' }, images: 1, message: /invalid json/ },
    { effect: { kind: 'no-response-key' }, images: 1, message: /reading 'Error'/ },
  ])('inflicts $effect and leaves $images image(s)', async ({ effect, images, message }) => {
    await world.control.addFaults({ match: { action: 'CreateImage' }, times: 1, effect });
    const failure = await failureOf(createImage());

    expect(failure.message).toMatch(message);
    expect(await world.control.images()).toHaveLength(images);
    const [call] = await world.control.calls();
    expect(call).toMatchObject({ fault: effect.kind, processed: images === 1, imageName: 'web-1', parameters: ORDER });
    expect(call?.imageId !== null).toBe(images === 1);
  });

  it('carries a delayed call out although its client has given up', async () => {
    await world.control.addFaults({ effect: { kind: 'delay', ms: 1200 } });
    expect((await failureOf(createImage())).message).toMatch(/network timeout/);

    let images = await world.control.images();
    while (images.length === 0) images = await world.control.images();
    expect(images).toMatchObject([{ name: 'web-1' }]);
  });

  it('hides an image for a while and cuts the answer of the same call', async () => {
    await world.control.addFaults(
      { match: { imageName: 'web-*' }, effect: { kind: 'invisible', ms: 60_000 } },
      { match: { imageName: 'web-1' }, times: 1, effect: { kind: 'reset-after' } },
    );
    await failureOf(createImage());

    expect(await cvmClient(world.simulator.url).DescribeImages({})).toMatchObject({ TotalCount: 0 });
    expect(await world.control.images({ name: 'web-1' })).toMatchObject([{ visible: false }]);
    expect((await world.control.calls({ action: 'CreateImage' }))[0]?.fault).toBe('invisible+reset-after');
    expect(await codeOf(createImage())).toBe('InvalidImageName.Duplicate');
  });

  it('redirects, so that the client turns its POST into a GET or repeats it as it was', async () => {
    const location = `${world.simulator.url}/`;
    await world.control.addFaults({ times: 1, effect: { kind: 'redirect', location } });
    expect(await codeOf(createImage())).toBe('UnsupportedProtocol');

    await world.control.clearFaults();
    await world.control.addFaults({ times: 1, effect: { kind: 'redirect', location, status: 307 } });
    await expect(createImage()).resolves.toMatchObject({ ImageId: expect.any(String) as string });
  });

  it('answers in chunks when told so', async () => {
    await world.control.changeSettings({ chunked: true });
    const plain = await fetch(`${world.simulator.url}/`, { method: 'POST' });

    expect(plain.headers.get('transfer-encoding')).toBe('chunked');
    await expect(createImage()).resolves.toMatchObject({ ImageId: expect.any(String) as string });
  });

  it('leaves calls alone that the gateway refuses: they use up no rule', async () => {
    await world.control.addFaults({ times: 1, effect: { kind: 'error', code: 'InternalError' } });
    const wrongKey = cvmClient(world.simulator.url, { ...ALICE, secretKey: 'wrong' });

    expect(await codeOf(wrongKey.CreateImage(ORDER))).toBe('AuthFailure.SignatureFailure');
    expect(await codeOf(createImage())).toBe('InternalError');
    expect(await world.control.faults()).toMatchObject([{ seen: 1, fired: 1 }]);
  });
});
