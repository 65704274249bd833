import type { Actor } from '#libs/audit';
import type { TemporaryCredential } from '#libs/cloud';
import type { Site } from '#libs/config';
import type { AccountId, TenantId } from '#libs/ids';

/** How long a session is asked for: the cloud's own default, long enough to make calls of STS rare. */
export const SESSION_SECONDS = 7200;

/** A role of a tenant's, and on whose behalf it is assumed. */
export interface RoleOrder {
  readonly tenantId: TenantId;
  /** Null while there is no account yet: then the call is in the tenant's own log. */
  readonly accountId: AccountId | null;
  readonly site: Site;
  readonly roleArn: string;
  readonly externalId: string;
  readonly actor: Actor;
  /** The HTTP request that led to it, where there was one. */
  readonly requestId: string | null;
}

/** What came of asking for a session of a role. */
export type Assumption =
  | { readonly kind: 'assumed'; readonly credential: TemporaryCredential }
  /** The cloud does not let us assume the role. */
  | {
      readonly kind: 'refused';
      /** From before the call was signed. */
      readonly askedAt: Date;
      readonly code: string;
      readonly message: string;
      readonly requestId: string | null;
    }
  /** No answer, or one that says nothing about the role: asking again may help. */
  | { readonly kind: 'unavailable'; readonly cause: string }
  /** This process has no identity of its own to assume roles with. */
  | { readonly kind: 'not_configured' };
