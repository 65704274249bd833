import type { AuditAction, AuditStore, NewAuditEntry } from '#libs/audit';
import type { Clock } from '#libs/clock';
import { NotFound } from '#libs/errors';
import { isId, newId, type TenantId } from '#libs/ids';
import type { Postgres } from '#libs/postgres';
import type { Acting } from './caller.js';
import { newExternalId, type Tenant, type TenantChange } from './tenant.js';
import type { TenantFilter, TenantStore } from './tenant.store.js';

/** Who may use the service at all. Only operators come here, but for what a tenant must know of itself. */
export class Tenants {
  constructor(
    private readonly postgres: Postgres,
    private readonly store: TenantStore,
    private readonly audit: AuditStore,
    private readonly clock: Clock,
  ) {}

  async create(acting: Acting, name: string): Promise<Tenant> {
    const at = this.clock.now();
    const tenant: Tenant = {
      id: newId('ten'),
      name,
      status: 'active',
      externalId: newExternalId(),
      createdAt: at,
      updatedAt: at,
    };
    return this.postgres.asSystem(async (tx) => {
      await this.store.insert(tx, tenant);
      await this.audit.append(tx, tenantEntry(acting, 'tenant.create', tenant.id, { name }), at);
      return tenant;
    });
  }

  async get(id: string): Promise<Tenant> {
    const tenant = isId('ten', id) ? await this.postgres.asSystem((tx) => this.store.find(tx, id)) : null;
    if (tenant === null) throw new NotFound('tenant');
    return tenant;
  }

  async list(
    filter: TenantFilter,
    page: { readonly after: TenantId | null; readonly limit: number },
  ): Promise<readonly Tenant[]> {
    return this.postgres.asSystem((tx) => this.store.list(tx, filter, page));
  }

  /** What belongs into the trust policies of the tenant's roles. */
  async externalIdOf(tenantId: TenantId): Promise<string> {
    const externalId = await this.postgres.asTenant(tenantId, (tx) => this.store.externalIdOf(tx, tenantId));
    if (externalId === null) throw new NotFound('tenant');
    return externalId;
  }

  /** A suspension holds from the next call on: keys are looked up together with their tenant. */
  async patch(acting: Acting, id: string, change: TenantChange): Promise<Tenant> {
    const at = this.clock.now();
    return this.postgres.asSystem(async (tx) => {
      const tenant = isId('ten', id) ? await this.store.update(tx, id, change, at) : null;
      if (tenant === null) throw new NotFound('tenant');
      await this.audit.append(tx, tenantEntry(acting, 'tenant.update', tenant.id, { ...change }), at);
      return tenant;
    });
  }
}

function tenantEntry(
  acting: Acting,
  action: AuditAction,
  id: TenantId,
  detail: Readonly<Record<string, unknown>>,
): NewAuditEntry {
  return {
    tenantId: id,
    accountId: null,
    actor: acting.actor,
    action,
    target: { type: 'tenant', id },
    outcome: 'success',
    requestId: acting.requestId,
    upstream: null,
    detail,
  };
}
