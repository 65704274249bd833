import type { Secret } from '#libs/secret';

/** An image as the cloud lists it. */
export interface CloudImage {
  readonly imageId: string;
  readonly imageName: string;
  /** `CREATING`, `NORMAL`, `CREATEFAILED`, `SYNCING`, … ; kept as the cloud wrote it, for it may add more. */
  readonly state: string;
  /** `CREATE_IMAGE` for one that was made from an instance or snapshots. */
  readonly source: string;
  readonly type: string;
  /** Null where the cloud gave none or none that can be read. */
  readonly createdAt: Date | null;
  /** Empty until the image has really been made. */
  readonly snapshotIds: readonly string[];
}

/** One page of a search by name: only images that bear exactly that name, though the cloud counts and pages near misses too. */
export interface ImageNamePage {
  readonly images: readonly CloudImage[];
  /** How many images the cloud found, near misses included. */
  readonly total: number;
  /** Where the next page begins; null after the last. */
  readonly nextOffset: number | null;
}

/** What a role lends: a key that signs as the role until it expires. */
export interface TemporaryCredential {
  readonly secretId: Secret;
  readonly secretKey: Secret;
  readonly token: Secret;
  readonly expiresAt: Date;
}

/** Who a credential belongs to. */
export interface CallerIdentity {
  /** The root account. */
  readonly uin: string;
  readonly userId: string;
  readonly arn: string;
  readonly type: string;
  readonly principalId: string;
}
