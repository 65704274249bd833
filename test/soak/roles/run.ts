import type { ImageRequestView } from '#libs/image-requests';
import { startPrivatePostgres } from '#libs/testing';
import type { ApiClient } from '../../support/api-client.js';
import { ended, newImageName, newInstanceId } from '../../support/image-requests.js';
import { createRoleAccount, PLATFORM, PLATFORM_SETTINGS } from '../../support/platform.js';
import type { SimulatorCall } from '../../support/simulator-control.js';
import { startWholeService, type WholeService } from '../../support/whole-service.js';
import type { Plan } from './plan.js';

/** One thing that must hold. */
export interface Check {
  readonly what: string;
  readonly seen: string;
  readonly holds: boolean;
}

/** The service asks for hours; the cloud of the run gives less, so sessions end all the time and no call may meet that. */
export async function soakRoles(plan: Plan): Promise<readonly Check[]> {
  const postgres = await startPrivatePostgres();
  const service = await startWholeService({
    workers: plan.workers,
    postgresUrl: postgres.url,
    settings: PLATFORM_SETTINGS,
  });
  try {
    await service.simulator.addSubAccount(PLATFORM);
    await service.simulator.changeSettings({ temporaryKeyDurationMs: plan.tokenLifeMs });
    const orders = await order(service, plan);
    const requests = await Promise.all(orders.map(({ api, id }) => endOf(api, id)));
    return judge(plan, requests, await service.simulator.calls());
  } finally {
    await service.stop();
    await postgres.stop();
  }
}

interface Order {
  readonly api: ApiClient;
  readonly id: string;
}

async function order(service: WholeService, plan: Plan): Promise<readonly Order[]> {
  const tenants = await Promise.all(['one', 'other'].map((name) => service.createTenant(name)));
  const accounts: { readonly api: ApiClient; readonly id: string }[] = [];
  while (accounts.length < plan.accounts) {
    const { api } = tenants[accounts.length % tenants.length]!;
    accounts.push({ api, id: (await createRoleAccount(api, service.simulator)).id });
  }

  const orders: Promise<Order>[] = [];
  const beganAtMs = performance.now();
  for (let count = 0; count < plan.seconds * plan.ordersASecond; count++) {
    await untilMs(beganAtMs + (count / plan.ordersASecond) * 1000);
    const { api, id: accountId } = accounts[count % accounts.length]!;
    const body = { accountId, region: 'ap-guangzhou', imageName: newImageName(), instanceId: newInstanceId() };
    orders.push(api.created<ImageRequestView>('/v1/image-requests', body).then(({ id }) => ({ api, id })));
  }
  return Promise.all(orders);
}

/** What is still open after a minute is judged as it is. */
async function endOf(api: ApiClient, id: string): Promise<ImageRequestView> {
  return ended(api, id).catch(() => api.read<ImageRequestView>(`/v1/image-requests/${id}`));
}

function judge(plan: Plan, requests: readonly ImageRequestView[], calls: readonly SimulatorCall[]): readonly Check[] {
  const succeeded = requests.filter(({ status }) => status === 'succeeded').length;
  const refused = calls.filter(({ code }) => code !== null && /^(?:AuthFailure|UnauthorizedOperation)/.test(code));
  const assumed = calls.filter(({ action, code }) => action === 'AssumeRole' && code === null).length;
  const sessions = new Set(calls.filter(isOfSession).map(({ secretId }) => secretId)).size;
  const assumedMax = mostAssumed(plan);
  return [
    check('requests that succeeded', `${succeeded} of ${requests.length}`, succeeded === requests.length),
    check(
      'calls signed by sessions',
      `${calls.filter(isOfSession).length}, by ${sessions} sessions`,
      sessions > plan.accounts,
    ),
    check('calls of AssumeRole', `${assumed}, at most ${assumedMax} expected`, assumed <= assumedMax),
    check('authentication errors at the cloud', countedByCode(refused), refused.length === 0),
  ];
}

function check(what: string, seen: string, holds: boolean): Check {
  return { what, seen, holds };
}

function isOfSession({ userId }: SimulatorCall): boolean {
  return userId?.includes(':') === true;
}

/**
 * One for each worker and account at the beginning, and one whenever 80 % of a life are over; the gateway makes one more as
 * it registers the account. The cloud tells the end in whole seconds, so a life may look a second shorter.
 */
function mostAssumed({ seconds, tokenLifeMs, accounts, workers }: Plan): number {
  const refreshEverySeconds = ((tokenLifeMs - 1000) / 1000) * 0.8;
  return accounts * (1 + workers * (2 + Math.ceil(seconds / refreshEverySeconds)));
}

function countedByCode(calls: readonly SimulatorCall[]): string {
  const counts = Map.groupBy(calls, ({ action, code }) => `${action} ${code}`);
  return calls.length === 0 ? 'none' : [...counts].map(([what, those]) => `${those.length} ${what}`).join(', ');
}

async function untilMs(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
}
