import { type PrivatePostgres, type Receiver, startPrivatePostgres, startReceiver } from '#libs/testing';
import {
  createAccount,
  startWholeService,
  type TestAccount,
  type TestTenant,
  type WholeService,
} from '../support/whole-service.js';
import { faultRules, type Plan, SETTINGS } from './plan.js';

/** One of the tenants, with half of the accounts and an endpoint of its own that hears of everything. */
export interface Party {
  readonly tenant: TestTenant;
  readonly accounts: readonly TestAccount[];
  readonly receiver: Receiver;
}

/** The service over a PostgreSQL and a Redis of its own, and a cloud that is set to fail. */
export interface World {
  readonly service: WholeService;
  readonly postgres: PrivatePostgres;
  readonly parties: readonly Party[];
  stop(): Promise<void>;
}

export async function startWorld(plan: Plan): Promise<World> {
  const postgres = await startPrivatePostgres();
  const service = await startWholeService({
    workers: plan.workers,
    gateways: plan.gateways,
    postgresUrl: postgres.url,
    simulator: { SIMULATOR_SEED: String(plan.seed) },
    settings: SETTINGS,
  });
  const parties = await Promise.all(['one', 'other'].map((name) => join(service, name, plan.accounts / 2)));
  await service.simulator.changeSettings({ enforceUniqueNames: plan.enforceUniqueNames });
  await service.simulator.addFaults(...faultRules());
  return {
    service,
    postgres,
    parties,
    stop: async () => {
      await service.stop();
      await Promise.all([postgres.stop(), ...parties.map(({ receiver }) => receiver.close())]);
    },
  };
}

async function join(service: WholeService, name: string, accounts: number): Promise<Party> {
  const [tenant, receiver] = [await service.createTenant(name), await startReceiver()];
  await tenant.api.created('/v1/webhook-endpoints', { url: receiver.url });
  const all = [tenant.account];
  while (all.length < accounts) all.push(await createAccount(tenant.api, service.simulator));
  return { tenant, accounts: all, receiver };
}
