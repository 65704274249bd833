import type { Site } from '#libs/config';
import type { AccountStatus, AccountWithCredential } from './account.js';

/** An account as callers and receivers of events see it. Times are RFC 3339 in UTC with milliseconds. */
export interface AccountView {
  readonly id: string;
  readonly name: string;
  readonly site: Site;
  readonly status: AccountStatus;
  readonly uin: string;
  readonly userId: string;
  readonly credential: {
    readonly type: string;
    readonly secretIdHint: string | null;
    readonly roleArn: string | null;
    readonly externalId: string | null;
    readonly version: number;
    readonly rotatedAt: string;
    /** Since when the cloud refuses it, and by which of its codes; null while it is good. */
    readonly rejectedAt: string | null;
    readonly rejectedCode: string | null;
  };
  readonly createdAt: string;
}

export function accountView(account: AccountWithCredential): AccountView {
  const { type, secretIdHint, roleArn, externalId, version, rotatedAt } = account.credential;
  return {
    id: account.id,
    name: account.name,
    site: account.site,
    status: account.status,
    uin: account.uin,
    userId: account.userId,
    credential: {
      type,
      secretIdHint,
      roleArn,
      externalId,
      version,
      rotatedAt: rotatedAt.toISOString(),
      rejectedAt: account.rejection?.at.toISOString() ?? null,
      rejectedCode: account.rejection?.code ?? null,
    },
    createdAt: account.createdAt.toISOString(),
  };
}
