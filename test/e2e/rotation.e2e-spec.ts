import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { AccountView } from '#libs/accounts';
import { type AttemptId, uuidOf } from '#libs/ids';
import type { ImageRequestView } from '#libs/image-requests';
import { stopAllProcesses, waitFor } from '#libs/testing';
import { ended, newImageName, orderFor } from '../support/image-requests.js';
import type { SimulatorCall } from '../support/simulator-control.js';
import { startWholeService, type TestTenant, type WholeService } from '../support/whole-service.js';

const SOON = { timeoutMs: 30_000, intervalMs: 10 };

interface Key {
  readonly secretId: string;
  readonly secretKey: string;
}

describe('a credential that is rotated under load', () => {
  let service: WholeService;
  let tenant: TestTenant;
  let userId: string;

  beforeAll(async () => {
    service = await startWholeService({ workers: 2 });
    tenant = await service.createTenant('rotation');
    userId = (await service.simulator.calls({ uin: tenant.account.uin }))[0]?.userId ?? '';
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await stopAllProcesses();
  }, 60_000);

  const created = async (): Promise<readonly SimulatorCall[]> =>
    service.simulator.calls({ action: 'CreateImage', uin: tenant.account.uin });
  const order = (more = {}) => tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, more));
  const account = () => tenant.api.read<AccountView>(`/v1/accounts/${tenant.account.id}`);

  /** Gives when the switch was answered; the key before is disabled the very moment after. */
  async function rotate(before: string): Promise<{ readonly key: Key; readonly answeredAt: Date }> {
    const key = { secretId: `AKIDnext${randomBytes(8).toString('hex')}`, secretKey: randomBytes(16).toString('hex') };
    await service.simulator.addSubAccount({ uin: tenant.account.uin, userId, ...key });
    const credential = { type: 'static', ...key };
    const put = await tenant.api.call('PUT', `/v1/accounts/${tenant.account.id}/credential`, { credential });
    const answeredAt = new Date();
    await service.simulator.changeSubAccount(before, { disabled: true });
    if (put.status !== 200) throw new Error(`the rotation was refused: ${JSON.stringify(put.body)}`);
    return { key, answeredAt };
  }

  /** The SecretId that signed each attempt, by the attempt's trace id. */
  async function signersSince(since: Date): Promise<readonly (string | null | undefined)[]> {
    const { rows } = await sql<{ id: AttemptId }>`
      select id from attempts where started_at > ${since} and outcome <> 'not_sent'
    `.execute(service.database.postgres.db);
    const signers = new Map((await created()).map(({ traceId, secretId }) => [traceId, secretId]));
    return rows.map(({ id }) => signers.get(uuidOf(id)));
  }

  it('fails no request, and signs every call that begins afterwards with the new key', async () => {
    const requests = await Promise.all(Array.from({ length: 100 }, () => order()));
    let { secretId } = tenant.account;
    for (let rotation = 1; rotation <= 4; rotation++) {
      await waitFor(async () => (await created()).length >= rotation * 18, SOON);
      const { key, answeredAt } = await rotate(secretId);
      secretId = key.secretId;
      await waitFor(async () => (await signersSince(answeredAt)).length >= 3, SOON);
      const signers = await signersSince(answeredAt);
      expect(new Set(signers)).toEqual(new Set([secretId]));
    }
    for (const { id } of requests)
      expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', error: null });
    expect(await account()).toMatchObject({ credential: { version: 5, rejectedAt: null } });
    const { namesCreatedTwice } = await service.simulator.stats();
    expect(namesCreatedTwice).toEqual([]);
    const feed = await tenant.api.read<{ data: unknown[] }>('/v1/events?types=account.credential_rejected');
    expect(feed.data).toEqual([]);
  }, 120_000);

  it('takes a refusal of the old key that comes late for what it is, and calls again at once', async () => {
    const imageName = newImageName();
    const calls = async () => (await created()).filter((call) => call.imageName === imageName);
    const before = (await created()).at(-1)?.secretId ?? '';
    const match = { action: 'CreateImage', imageName, secretId: before };
    await service.simulator.addFaults(
      { match, times: 1, effect: { kind: 'delay', ms: 1500 } },
      { match, times: 1, effect: { kind: 'error', code: 'AuthFailure.SecretIdNotFound' } },
    );
    const { id } = await order({ imageName });
    await waitFor(async () => (await calls()).length === 1, SOON);
    const { key } = await rotate(before);

    expect(await ended(tenant.api, id)).toMatchObject({ status: 'succeeded', attempts: 2, error: null });
    expect((await calls()).map(({ secretId }) => secretId)).toEqual([before, key.secretId]);
    expect((await account()).credential.rejectedAt).toBeNull();
  });
});
