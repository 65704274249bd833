import type { AccountId, ApiKeyId, AuditEntryId, TenantId } from '#libs/ids';

/** Who acted: the holder of an API key, or the service itself. */
export interface Actor {
  readonly type: 'api_key' | 'system';
  readonly id: ApiKeyId | 'admin' | null;
  readonly name: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

/** The service acting on its own, as the named part of it. */
export function systemActor(name: string): Actor {
  return { type: 'system', id: null, name, ip: null, userAgent: null };
}

export type AuditAction =
  | 'image_request.create'
  | 'image_request.cancel'
  | 'image_request.retry'
  | 'image_request.submit'
  | 'image_request.requeue'
  | 'image_request.accept'
  | 'image_request.succeed'
  | 'image_request.fail'
  | 'cvm.CreateImage'
  | 'sts.GetCallerIdentity'
  | 'sts.AssumeRole'
  | 'credential.create'
  | 'credential.rotate'
  | 'credential.rewrap'
  | 'credential.open'
  | 'credential.destroy'
  | 'account.create'
  | 'account.update'
  | 'account.delete'
  | 'account.credential_rejected'
  | 'account.credential_restored'
  | 'tenant.create'
  | 'tenant.update'
  | 'api_key.create'
  | 'api_key.revoke'
  | 'webhook_endpoint.create'
  | 'webhook_endpoint.update'
  | 'webhook_endpoint.delete'
  | 'webhook_endpoint.rotate_secret'
  | 'webhook_endpoint.rewrap_secret'
  | 'webhook_endpoint.test'
  | 'webhook_endpoint.redeliver'
  | 'webhook_endpoint.replay'
  | 'webhook_signing_key.create'
  | 'webhook_signing_key.rewrap'
  | 'auth.refused';

/** One call of the cloud, as the cloud's own audit knows it too (by its request id). */
export interface UpstreamCall {
  readonly endpoint: string;
  readonly region: string;
  readonly action: string;
  readonly requestId: string | null;
  readonly code: string | null;
  /** Null when the worker that made the call was lost. */
  readonly durationMs: number | null;
  readonly tokenWaitMs: number | null;
}

/** What is written down. `detail` holds only fields that the writer chose one by one; never a secret, never a raw body. */
export interface NewAuditEntry {
  /** Null only where no tenant is known: a refused key, an act of the operators. */
  readonly tenantId: TenantId | null;
  /** The account whose log it belongs to; null for the rest of the tenant's log. */
  readonly accountId: AccountId | null;
  readonly actor: Actor;
  readonly action: AuditAction;
  readonly target: { readonly type: string; readonly id: string | null };
  readonly outcome: 'success' | 'failure';
  /** The HTTP request that led to it, where there was one. */
  readonly requestId: string | null;
  readonly upstream: UpstreamCall | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An entry as it is stored; `position` orders the log. */
export interface AuditEntry extends NewAuditEntry {
  readonly id: AuditEntryId;
  readonly position: number;
  readonly at: Date;
}
