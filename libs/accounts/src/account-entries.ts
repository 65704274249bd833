import type { AuditAction, NewAuditEntry } from '#libs/audit';
import type { CredentialSummary } from '#libs/credentials';
import type { AccountId } from '#libs/ids';
import type { Caller } from '#libs/tenants';
import type { IdentityAnswer } from './identity-check.js';

/** An act on an account, as its log keeps it. */
export function accountEntry(
  caller: Caller,
  action: AuditAction,
  accountId: AccountId,
  detail: Readonly<Record<string, unknown>> = {},
): NewAuditEntry {
  return {
    tenantId: caller.tenantId,
    accountId,
    actor: caller.actor,
    action,
    target: { type: 'account', id: accountId },
    outcome: 'success',
    requestId: caller.requestId,
    upstream: null,
    detail,
  };
}

/** Which credential it was, never what is in it. */
export function credentialEntry(
  caller: Caller,
  action: AuditAction,
  accountId: AccountId,
  credential: Pick<CredentialSummary, 'type' | 'version'> &
    Partial<Pick<CredentialSummary, 'secretIdHint' | 'roleArn'>>,
): NewAuditEntry {
  const { type, version, secretIdHint, roleArn } = credential;
  const which = type === 'assumeRole' ? { roleArn } : { secretIdHint };
  const detail = { type, version, ...(Object.values(which)[0] === undefined ? {} : which) };
  return { ...accountEntry(caller, action, accountId, detail), target: { type: 'credential', id: accountId } };
}

/** A call of STS, however it ended. `accountId` is null while there is no account yet: then it is in the tenant's log. */
export function identityEntry(caller: Caller, accountId: AccountId | null, answer: IdentityAnswer): NewAuditEntry {
  return {
    tenantId: caller.tenantId,
    accountId,
    actor: caller.actor,
    action: 'sts.GetCallerIdentity',
    target: { type: 'account', id: accountId },
    outcome: answer.kind === 'known' ? 'success' : 'failure',
    requestId: caller.requestId,
    upstream: answer.call,
    detail: detailOf(answer),
  };
}

function detailOf(answer: IdentityAnswer): Readonly<Record<string, unknown>> {
  if (answer.kind === 'known') return { ...answer.identity };
  return answer.kind === 'unavailable' ? { reason: answer.reason } : {};
}
