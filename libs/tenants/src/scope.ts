/** What a tenant's key may be given. */
export const TENANT_SCOPES = [
  'images:read',
  'images:write',
  'accounts:read',
  'accounts:write',
  'webhooks:read',
  'webhooks:write',
  'audit:read',
  'keys:write',
] as const;

export type TenantScope = (typeof TENANT_SCOPES)[number];

/** `admin` belongs to the operators' key alone and cannot be given away. */
export type Scope = TenantScope | 'admin';
