import { randomBytes } from 'node:crypto';
import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, newImageName, orderFor } from '../support/image-requests.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

/** Names and images belong to the root account, whoever of us has a key of it. */
describe('two tenants with keys of one cloud account', () => {
  let service: WholeService;
  let one: TestTenant;
  let other: TestTenant;
  let otherAccount: { readonly id: string; readonly secretId: string };

  beforeAll(async () => {
    service = await startWholeService({ workers: 2, settings: { RESEND_FENCE_MS: '5000' } });
    [one, other] = [await service.createTenant('one'), await service.createTenant('other')];
    const key = { secretId: `AKIDother${randomBytes(8).toString('hex')}`, secretKey: randomBytes(16).toString('hex') };
    await service.simulator.addSubAccount({ uin: one.account.uin, userId: '200000999999', ...key });
    const { id } = await other.api.created<{ id: string }>('/v1/accounts', {
      name: 'the same root account',
      credential: { type: 'static', ...key },
    });
    otherAccount = { id, secretId: key.secretId };
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  it.each([true, false])(
    'each gets its own image of a name that both order, or is refused it (the cloud minds: %p)',
    async (enforceUniqueNames) => {
      await service.simulator.changeSettings({ enforceUniqueNames });
      const imageName = newImageName();
      await service.simulator.addFaults(
        { match: { imageName, secretId: one.account.secretId }, times: 1, effect: { kind: 'hang-after' } },
        { match: { imageName, secretId: one.account.secretId }, times: 1, effect: { kind: 'invisible', ms: 3000 } },
        { match: { imageName, secretId: otherAccount.secretId }, times: 1, effect: { kind: 'reset-before' } },
      );
      const calls = async () =>
        (await service.simulator.calls({ action: 'CreateImage' })).filter((call) => call.imageName === imageName);

      const first = await one.api.created<ImageRequestView>('/v1/image-requests', orderFor(one, { imageName }));
      await waitFor(async () => (await calls()).length > 0, { timeoutMs: 15_000, intervalMs: 10 });
      const second = await other.api.created<ImageRequestView>(
        '/v1/image-requests',
        orderFor(other, { imageName, accountId: otherAccount.id }),
      );
      const [ours, theirs] = [await ended(one.api, first.id), await ended(other.api, second.id)];

      expect(ours).toMatchObject({ status: 'succeeded', attempts: 1 });
      if (theirs.status === 'failed')
        expect(theirs).toMatchObject({ imageId: null, error: { code: 'InvalidImageName.Duplicate' } });
      const owners = Object.fromEntries(
        [ours, theirs].flatMap(({ imageId, instanceId }) => (imageId === null ? [] : [[imageId, instanceId]])),
      );
      const images = await service.simulator.images({ name: imageName });
      expect(Object.fromEntries(images.map((image) => [image.imageId, image.instanceId]))).toEqual(owners);
      const secondsCalls = (await calls()).filter(({ secretId }) => secretId === otherAccount.secretId);
      expect(secondsCalls.length).toBeGreaterThan(0);
    },
    120_000,
  );
});
