import type { AccountId, AttemptId, ImageRequestId, TenantId } from '#libs/ids';
import type { AttemptOutcome } from './attempt.js';
import type { Failure, ImageRequest, ImageTag } from './image-request.js';
import type { ImageRequestStatus, Obstacle } from './image-request-status.js';

/** The tables of this domain; nobody else names them. JSON columns are written as text and read as values. */
export type ImageRequestTables = {
  image_requests: {
    id: ImageRequestId;
    tenant_id: TenantId;
    account_id: AccountId;
    region: string;
    image_name: string;
    instance_id: string | null;
    snapshot_ids: readonly string[];
    data_disk_ids: readonly string[];
    image_description: string | null;
    force_poweroff: boolean;
    sysprep: boolean;
    dry_run: boolean;
    tags: unknown;
    image_family: string | null;
    priority: number;
    start_deadline: Date | null;
    metadata: unknown;
    requested_by: string;
    status: ImageRequestStatus;
    waiting_for: Obstacle | null;
    next_attempt_at: Date | null;
    image_id: string | null;
    attempts_made: number;
    retrying_since: Date | null;
    retries_made: number;
    name_seen_free_at: Date | null;
    error: unknown;
    created_at: Date;
    submitted_at: Date | null;
    completed_at: Date | null;
    updated_at: Date;
  };
  attempts: {
    id: AttemptId;
    image_request_id: ImageRequestId;
    tenant_id: TenantId;
    number: number;
    endpoint: string;
    region: string;
    lane: string;
    started_at: Date;
    token_wait_ms: number;
    finished_at: Date | null;
    duration_ms: number | null;
    outcome: AttemptOutcome | null;
    code: string | null;
    cause: string | null;
    upstream_request_id: string | null;
    image_id: string | null;
  };
};

/** The index that lets only one call by a name be under way, or in doubt, for a root account and region. */
export const NAME_IN_CALLS = 'image_requests_submitting_name_idx';

export type ImageRequestRow = ImageRequestTables['image_requests'];

export function imageRequestOf(row: ImageRequestRow): ImageRequest {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    accountId: row.account_id,
    region: row.region,
    imageName: row.image_name,
    instanceId: row.instance_id,
    snapshotIds: row.snapshot_ids,
    dataDiskIds: row.data_disk_ids,
    imageDescription: row.image_description,
    forcePoweroff: row.force_poweroff,
    sysprep: row.sysprep,
    dryRun: row.dry_run,
    tags: row.tags as readonly ImageTag[],
    imageFamily: row.image_family,
    priority: row.priority,
    startDeadline: row.start_deadline,
    metadata: row.metadata as Record<string, string>,
    status: row.status,
    waitingFor: row.waiting_for,
    nextAttemptAt: row.next_attempt_at,
    imageId: row.image_id,
    attemptsMade: row.attempts_made,
    retryingSince: row.retrying_since,
    retriesMade: row.retries_made,
    nameSeenFreeAt: row.name_seen_free_at,
    error: row.error as Failure | null,
    createdAt: row.created_at,
    submittedAt: row.submitted_at,
    completedAt: row.completed_at,
    updatedAt: row.updated_at,
  };
}
