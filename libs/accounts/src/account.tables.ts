import type { Site } from '#libs/config';
import type { AccountId, TenantId } from '#libs/ids';
import type { Account, AccountStatus, CredentialRejection } from './account.js';

export type AccountTables = {
  accounts: {
    id: AccountId;
    tenant_id: TenantId;
    name: string;
    site: Site;
    status: AccountStatus;
    uin: string;
    user_id: string;
    arn: string;
    verified_at: Date;
    verify_not_before: Date | null;
    verify_failures: number;
    rejected_at: Date | null;
    rejected_code: string | null;
    rejected_request_id: string | null;
    created_at: Date;
    updated_at: Date;
    deleted_at: Date | null;
  };
};

export function accountOf(row: AccountTables['accounts']): Account {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    site: row.site,
    status: row.status,
    uin: row.uin,
    userId: row.user_id,
    arn: row.arn,
    verifiedAt: row.verified_at,
    rejection: rejectionOf(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function rejectionOf(row: AccountTables['accounts']): CredentialRejection | null {
  const { rejected_at: at, rejected_code: code, rejected_request_id: upstreamRequestId } = row;
  return at === null || code === null ? null : { at, code, upstreamRequestId };
}

export function rejectionColumns(rejection: CredentialRejection | null) {
  return {
    rejected_at: rejection?.at ?? null,
    rejected_code: rejection?.code ?? null,
    rejected_request_id: rejection?.upstreamRequestId ?? null,
  };
}
