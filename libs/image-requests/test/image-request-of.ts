import { type AccountId, newId, type TenantId } from '#libs/ids';
import type { ImageRequest } from '../src/image-request.js';

const AT = new Date('2026-01-01T00:00:00.000Z');

/** A queued request of an instance, as it is accepted, with whatever else is given. */
export function imageRequestOf(
  owner: { readonly tenantId: TenantId; readonly accountId: AccountId },
  more: Partial<ImageRequest> = {},
): ImageRequest {
  const id = newId('ireq');
  return {
    id,
    tenantId: owner.tenantId,
    accountId: owner.accountId,
    region: 'ap-guangzhou',
    imageName: id,
    instanceId: 'ins-00000001',
    snapshotIds: [],
    dataDiskIds: [],
    imageDescription: null,
    forcePoweroff: false,
    sysprep: false,
    dryRun: false,
    tags: [],
    imageFamily: null,
    priority: 5,
    startDeadline: null,
    metadata: {},
    status: 'queued',
    waitingFor: null,
    nextAttemptAt: null,
    imageId: null,
    attemptsMade: 0,
    retryingSince: null,
    retriesMade: 0,
    nameSeenFreeAt: null,
    error: null,
    createdAt: AT,
    submittedAt: null,
    completedAt: null,
    updatedAt: AT,
    ...more,
  };
}
