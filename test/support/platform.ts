import type { ApiClient } from './api-client.js';
import type { SimulatorControl, SubAccount } from './simulator-control.js';

/** The service's own identity at the simulated cloud, which the roles of tenants trust. */
export const PLATFORM: SubAccount = {
  uin: '100000900000',
  userId: '200000900000',
  secretId: 'AKIDcanaryplatform00000001',
  secretKey: 'canaryPlatformKey00000001',
};

export const PLATFORM_SETTINGS = {
  PLATFORM_SECRET_ID: PLATFORM.secretId,
  PLATFORM_SECRET_KEY: PLATFORM.secretKey,
};

export interface TestRole {
  readonly roleArn: string;
  readonly roleId: string;
  readonly uin: string;
}

export interface RoleAccount extends TestRole {
  readonly id: string;
}

let rolesMade = 0;

/** What a tenant puts into the trust policies of its roles. */
export async function externalIdOf(api: ApiClient): Promise<string> {
  const { tenant } = await api.read<{ tenant: { externalId: string } }>('/v1/me');
  return tenant.externalId;
}

/** A role of a root account of its own that trusts the platform, if it names one of the external ids. */
export async function addRole(simulator: SimulatorControl, externalIds: readonly string[]): Promise<TestRole> {
  const uin = `100000${String(900_000 + ++rolesMade)}`;
  const roleArn = `qcs::cam::uin/${uin}:roleName/images`;
  const { roleId } = await simulator.addRole({ roleArn, trustedUin: PLATFORM.uin, externalId: externalIds });
  return { roleArn, roleId, uin };
}

/** An account of the tenant that acts as the role, or as a new one of its own. */
export async function createRoleAccount(
  api: ApiClient,
  simulator: SimulatorControl,
  role?: TestRole,
): Promise<RoleAccount> {
  const assumed = role ?? (await addRole(simulator, [await externalIdOf(api)]));
  const { id } = await api.created<{ id: string }>('/v1/accounts', {
    name: 'a role',
    credential: { type: 'assumeRole', roleArn: assumed.roleArn },
  });
  return { ...assumed, id };
}
