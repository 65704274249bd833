import type { Failure, ImageRequest, ImageTag } from './image-request.js';
import type { ImageRequestStatus, Obstacle, WaitingFor } from './image-request-status.js';

/** Where a queued request stands in its lane, and when it should be called at the lane's pace. */
export interface QueuePlace {
  /** 1 is next. */
  readonly position: number;
  readonly estimatedStartAt: Date;
}

/** An image request as callers and receivers of events see it. Times are RFC 3339 in UTC with milliseconds. */
export interface ImageRequestView {
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly region: string;
  readonly imageName: string;
  readonly instanceId: string | null;
  readonly snapshotIds: readonly string[];
  readonly dataDiskIds: readonly string[];
  readonly imageDescription: string | null;
  readonly forcePoweroff: boolean;
  readonly sysprep: boolean;
  readonly dryRun: boolean;
  readonly tags: readonly ImageTag[];
  readonly imageFamily: string | null;
  readonly priority: number;
  readonly startDeadline: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: ImageRequestStatus;
  readonly waitingFor: WaitingFor | null;
  readonly queue: { readonly position: number; readonly estimatedStartAt: string } | null;
  readonly imageId: string | null;
  readonly attempts: number;
  readonly error: Failure | null;
  readonly createdAt: string;
  readonly submittedAt: string | null;
  readonly completedAt: string | null;
  readonly updatedAt: string;
}

/** A queued request that nothing else holds waits for a token. */
export function imageRequestView(request: ImageRequest, place: QueuePlace | null = null): ImageRequestView {
  return {
    id: request.id,
    tenantId: request.tenantId,
    accountId: request.accountId,
    region: request.region,
    imageName: request.imageName,
    instanceId: request.instanceId,
    snapshotIds: request.snapshotIds,
    dataDiskIds: request.dataDiskIds,
    imageDescription: request.imageDescription,
    forcePoweroff: request.forcePoweroff,
    sysprep: request.sysprep,
    dryRun: request.dryRun,
    tags: request.tags,
    imageFamily: request.imageFamily,
    priority: request.priority,
    startDeadline: request.startDeadline?.toISOString() ?? null,
    metadata: request.metadata,
    status: request.status,
    waitingFor: request.status === 'queued' ? shownObstacle(request.waitingFor) : null,
    queue: place === null ? null : { position: place.position, estimatedStartAt: place.estimatedStartAt.toISOString() },
    imageId: request.imageId,
    attempts: request.attemptsMade,
    error: request.error,
    createdAt: request.createdAt.toISOString(),
    submittedAt: request.submittedAt?.toISOString() ?? null,
    completedAt: request.completedAt?.toISOString() ?? null,
    updatedAt: request.updatedAt.toISOString(),
  };
}

function shownObstacle(waitingFor: Obstacle | null): WaitingFor {
  return waitingFor === 'credential' ? 'retry' : (waitingFor ?? 'token');
}
