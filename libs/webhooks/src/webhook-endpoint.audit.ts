import type { AuditAction, NewAuditEntry } from '#libs/audit';
import type { WebhookEndpointId } from '#libs/ids';
import type { Caller } from '#libs/tenants';

/** What a caller did with an endpoint. Names no URL: many a path is a secret of its receiver's. */
export function endpointEntry(
  caller: Caller,
  action: AuditAction,
  id: WebhookEndpointId,
  detail: NewAuditEntry['detail'],
): NewAuditEntry {
  return {
    tenantId: caller.tenantId,
    accountId: null,
    actor: caller.actor,
    action,
    target: { type: 'webhook_endpoint', id },
    outcome: 'success',
    requestId: caller.requestId,
    upstream: null,
    detail,
  };
}
