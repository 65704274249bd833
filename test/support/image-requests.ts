import type { ImageRequestView } from '#libs/image-requests';
import type { ApiClient } from './api-client.js';
import type { TestTenant } from './whole-service.js';

let namesMade = 0;

/** A name that no other request of the run bears. */
export function newImageName(): string {
  return `image-${process.pid}-${++namesMade}`;
}

/** An instance that no other request of the run names. */
export function newInstanceId(): string {
  return `ins-${String(++namesMade).padStart(8, '0')}`;
}

/** The least that a request needs, with whatever else is given. */
export function orderFor(tenant: TestTenant, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const source = 'snapshotIds' in more ? {} : { instanceId: newInstanceId() };
  return { accountId: tenant.account.id, region: 'ap-guangzhou', imageName: newImageName(), ...source, ...more };
}

/** Posts a request that must be accepted and gives it once it has ended; a minute is more than any of them takes. */
export async function finish(
  tenant: TestTenant,
  more: Readonly<Record<string, unknown>> = {},
): Promise<ImageRequestView> {
  const { id } = await tenant.api.created<ImageRequestView>('/v1/image-requests', orderFor(tenant, more));
  return ended(tenant.api, id);
}

export async function ended(api: ApiClient, id: string): Promise<ImageRequestView> {
  const request = await api.read<ImageRequestView>(`/v1/image-requests/${id}?wait=60`);
  if (request.completedAt === null) throw new Error(`${id} has not ended: ${JSON.stringify(request)}`);
  return request;
}
