import type { TenantId } from '#libs/ids';

export type TenantStatus = 'active' | 'suspended';

/** One internal platform that uses the service. Everything but the operators' own acts belongs to a tenant. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly status: TenantStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an operator may change of a tenant. */
export interface TenantChange {
  readonly name?: string;
  readonly status?: TenantStatus;
}
