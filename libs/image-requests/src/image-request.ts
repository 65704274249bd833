import type { AccountId, ImageRequestId, TenantId } from '#libs/ids';
import type { ImageRequestStatus, Obstacle } from './image-request-status.js';

export interface ImageTag {
  readonly key: string;
  readonly value: string;
}

/** What the caller asks for, checked and with its defaults filled in. Exactly one of `instanceId` and `snapshotIds` is given. */
export interface ImageOrder {
  readonly accountId: AccountId;
  readonly region: string;
  /** 1-60 Unicode code points; unique among the open requests of the account and region. */
  readonly imageName: string;
  readonly instanceId: string | null;
  /** Empty unless the image is made from snapshots. */
  readonly snapshotIds: readonly string[];
  /** Data disks of the instance that go into the image as well. */
  readonly dataDiskIds: readonly string[];
  readonly imageDescription: string | null;
  readonly forcePoweroff: boolean;
  readonly sysprep: boolean;
  readonly dryRun: boolean;
  readonly tags: readonly ImageTag[];
  readonly imageFamily: string | null;
  /** 0-9, larger first. */
  readonly priority: number;
  readonly startDeadline: Date | null;
  /** The caller's own; never sent to the cloud. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type FailureCategory =
  'caller' | 'credential' | 'quota' | 'state' | 'rate_limit' | 'unknown_outcome' | 'internal';

/** Why a request failed, in words its caller can act on. `code` is the cloud's own where it gave one. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly category: FailureCategory;
  /** Whether the same request may well succeed later without a change. */
  readonly retryable: boolean;
  readonly upstreamRequestId: string | null;
  readonly hint: string;
}

export interface ImageRequest extends ImageOrder {
  readonly id: ImageRequestId;
  readonly tenantId: TenantId;
  readonly status: ImageRequestStatus;
  readonly waitingFor: Obstacle | null;
  readonly nextAttemptAt: Date | null;
  readonly imageId: string | null;
  /** Calls of CreateImage so far. */
  readonly attemptsMade: number;
  /** When the running series of retries began, and how many there were; null and 0 outside of one. */
  readonly retryingSince: Date | null;
  readonly retriesMade: number;
  readonly nameSeenFreeAt: Date | null;
  /** Why it failed; of an open one, what keeps it waiting where that is for its owner to mend. */
  readonly error: Failure | null;
  readonly createdAt: Date;
  readonly submittedAt: Date | null;
  readonly completedAt: Date | null;
  readonly updatedAt: Date;
}
