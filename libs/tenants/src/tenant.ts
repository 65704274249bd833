import { randomBytes } from 'node:crypto';
import type { TenantId } from '#libs/ids';

export type TenantStatus = 'active' | 'suspended';

/** One internal platform that uses the service. Everything but the operators' own acts belongs to a tenant. */
export interface Tenant {
  readonly id: TenantId;
  readonly name: string;
  readonly status: TenantStatus;
  /** What the trust policies of the tenant's roles ask for. Made here once and never changed; no caller chooses it. */
  readonly externalId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What an operator may change of a tenant. */
export interface TenantChange {
  readonly name?: string;
  readonly status?: TenantStatus;
}

/** 128 random bits, in characters that the cloud takes and that a double click selects. */
export function newExternalId(): string {
  return randomBytes(16).toString('hex');
}
