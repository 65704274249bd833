import { setTimeout as sleep } from 'node:timers/promises';
import { newImageName, newInstanceId } from '../../support/image-requests.js';
import type { SimulatorControl } from '../../support/simulator-control.js';
import type { TestAccount, TestTenant } from '../../support/whole-service.js';
import type { Fleet } from './fleet.js';
import type { Plan } from './plan.js';

/** A caller never asks twice: whatever is not taken at once has failed. */
export interface Called {
  /** Ids of the image requests that were accepted. */
  readonly accepted: string[];
  readonly replaced: { count: number };
  readonly failures: string[];
}

interface Party {
  readonly tenant: TestTenant;
  readonly accounts: readonly TestAccount[];
}

/** Orders images and replaces credentials until `stopped`, and writes down what came of it as it comes. */
export async function callUntil(
  stopped: AbortSignal,
  fleet: Fleet,
  { tenant, accounts }: Party,
  simulator: SimulatorControl,
  plan: Plan,
  called: Called,
): Promise<void> {
  const call = async (method: string, path: string, body: unknown, wanted: number) => {
    try {
      return await fleet.call(async (url) => {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        const said = (await answer.json()) as { id?: string };
        if (answer.status === wanted) return said;
        called.failures.push(`${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
        return null;
      });
    } catch (error) {
      called.failures.push(`${method} ${path}: ${String(error)}`);
      return null;
    }
  };

  const order = async (): Promise<void> => {
    for (let n = 0; !stopped.aborted; n += 1) {
      const account = accounts[n % accounts.length];
      const body = {
        accountId: account?.id,
        region: 'ap-guangzhou',
        imageName: newImageName(),
        instanceId: newInstanceId(),
      };
      const said = await call('POST', '/v1/image-requests', body, 202);
      if (said?.id !== undefined) called.accepted.push(said.id);
      await sleep(plan.postEveryMs);
    }
  };

  /** The same identity with a key more, as the cloud allows two of. */
  const replace = async (): Promise<void> => {
    for (let n = 0; !stopped.aborted; n += 1) {
      const account = accounts[n % accounts.length];
      if (account === undefined) return;
      const [secretId, secretKey] = [`${account.secretId}x${n}`, `${account.secretKey}x${n}`];
      await simulator.addSubAccount({ uin: account.uin, userId: account.userId, secretId, secretKey });
      const credential = { type: 'static', secretId, secretKey };
      const said = await call('PUT', `/v1/accounts/${account.id}/credential`, { credential }, 200);
      if (said !== null) called.replaced.count += 1;
      await sleep(plan.replaceEveryMs);
    }
  };

  await Promise.all([order(), replace()]);
}
