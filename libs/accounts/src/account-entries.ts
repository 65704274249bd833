import type { Actor, AuditAction, NewAuditEntry } from '#libs/audit';
import type { CredentialSummary } from '#libs/credentials';
import type { AccountId, TenantId } from '#libs/ids';
import type { IdentityAnswer } from './identity-check.js';

/** Who acts for which tenant: a caller, or the service itself, which acts in no HTTP request. */
export interface OnBehalf {
  readonly tenantId: TenantId;
  readonly actor: Actor;
  readonly requestId: string | null;
}

/** An act on an account, as its log keeps it. */
export function accountEntry(
  by: OnBehalf,
  action: AuditAction,
  accountId: AccountId,
  detail: Readonly<Record<string, unknown>> = {},
): NewAuditEntry {
  return {
    tenantId: by.tenantId,
    accountId,
    actor: by.actor,
    action,
    target: { type: 'account', id: accountId },
    outcome: 'success',
    requestId: by.requestId,
    upstream: null,
    detail,
  };
}

/** Which credential it was, never what is in it. */
export function credentialEntry(
  by: OnBehalf,
  action: AuditAction,
  accountId: AccountId,
  credential: Pick<CredentialSummary, 'type' | 'version'> &
    Partial<Pick<CredentialSummary, 'secretIdHint' | 'roleArn'>>,
): NewAuditEntry {
  const { type, version, secretIdHint, roleArn } = credential;
  const which = type === 'assumeRole' ? { roleArn } : { secretIdHint };
  const detail = { type, version, ...(Object.values(which)[0] === undefined ? {} : which) };
  return { ...accountEntry(by, action, accountId, detail), target: { type: 'credential', id: accountId } };
}

/** A call of STS, however it ended. `accountId` is null while there is no account yet: then it is in the tenant's log. */
export function identityEntry(by: OnBehalf, accountId: AccountId | null, answer: IdentityAnswer): NewAuditEntry {
  return {
    tenantId: by.tenantId,
    accountId,
    actor: by.actor,
    action: 'sts.GetCallerIdentity',
    target: { type: 'account', id: accountId },
    outcome: answer.kind === 'known' ? 'success' : 'failure',
    requestId: by.requestId,
    upstream: answer.call,
    detail: detailOf(answer),
  };
}

function detailOf(answer: IdentityAnswer): Readonly<Record<string, unknown>> {
  if (answer.kind === 'known') return { ...answer.identity };
  return answer.kind === 'unavailable' ? { reason: answer.reason } : {};
}
