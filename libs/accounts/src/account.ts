import type { CredentialSummary } from '#libs/credentials';
import type { Site } from '#libs/config';
import type { AccountId, TenantId } from '#libs/ids';

export type AccountStatus = 'active' | 'disabled';

/** Who the cloud says a credential belongs to. */
export interface Identity {
  /** The root account. */
  readonly uin: string;
  readonly userId: string;
  readonly arn: string;
}

/** That the cloud no longer takes the account's credential: since when, and by which of its codes. */
export interface CredentialRejection {
  readonly at: Date;
  readonly code: string;
  /** The cloud's own id of the call that it refused. */
  readonly upstreamRequestId: string | null;
}

/** A Tencent Cloud account or sub-account that a tenant lets us act for. */
export interface Account extends Identity {
  readonly id: AccountId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly site: Site;
  readonly status: AccountStatus;
  /** When the cloud last told whether the credential is good. */
  readonly verifiedAt: Date;
  /** Null while the credential is good, as far as is known. While it is set, no call is made for the account. */
  readonly rejection: CredentialRejection | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** An account and what may be shown of its credential. */
export interface AccountWithCredential extends Account {
  readonly credential: CredentialSummary;
}

/** What a tenant may change of an account. */
export interface AccountChange {
  readonly name?: string;
  readonly status?: AccountStatus;
}

/**
 * Whom the cloud counts calls by. Of a role it names the session too (`roleId:sessionName`); all sessions of a role are
 * taken to share its allowance, whichever tenant assumed it: the strict reading of what the cloud leaves unsaid.
 */
export function countedUserId({ userId }: Pick<Identity, 'userId'>): string {
  return userId.split(':', 1)[0] ?? userId;
}

/** Whether two credentials act as one: the cloud counts, and answers for, the sub-account or the role. */
export function isSameIdentity(one: Identity, other: Identity): boolean {
  return one.uin === other.uin && countedUserId(one) === countedUserId(other);
}
