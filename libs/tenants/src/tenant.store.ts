import type { TenantId } from '#libs/ids';
import type { Db, SystemDb, SystemTx } from '#libs/postgres';
import type { Tenant, TenantChange, TenantStatus } from './tenant.js';

type TenantTables = {
  tenants: {
    id: TenantId;
    name: string;
    status: TenantStatus;
    external_id: string;
    created_at: Date;
    updated_at: Date;
  };
  api_keys: { tenant_id: TenantId; prefix: string; revoked_at: Date | null };
};

/** Narrows a listing. */
export interface TenantFilter {
  /** Only tenants that have a key which begins so and is not revoked. */
  readonly apiKeyPrefix?: string;
}

/** The tenants table. */
export class TenantStore {
  async insert(tx: SystemTx, tenant: Tenant): Promise<void> {
    await tx
      .$extendTables<TenantTables>()
      .insertInto('tenants')
      .values({
        id: tenant.id,
        name: tenant.name,
        status: tenant.status,
        external_id: tenant.externalId,
        created_at: tenant.createdAt,
        updated_at: tenant.updatedAt,
      })
      .execute();
  }

  async find(db: SystemDb, id: TenantId): Promise<Tenant | null> {
    const row = await db
      .$extendTables<TenantTables>()
      .selectFrom('tenants')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row === undefined ? null : tenantOf(row);
  }

  async externalIdOf(db: Db, id: TenantId): Promise<string | null> {
    const row = await db
      .$extendTables<TenantTables>()
      .selectFrom('tenants')
      .select('external_id')
      .where('id', '=', id)
      .executeTakeFirst();
    return row?.external_id ?? null;
  }

  /** Newest first, from behind `after`. */
  async list(
    db: SystemDb,
    { apiKeyPrefix }: TenantFilter,
    page: { readonly after: TenantId | null; readonly limit: number },
  ): Promise<readonly Tenant[]> {
    let query = db.$extendTables<TenantTables>().selectFrom('tenants').selectAll();
    if (apiKeyPrefix !== undefined)
      query = query.where('id', 'in', (where) =>
        where
          .selectFrom('api_keys')
          .select('tenant_id')
          .where('prefix', '=', apiKeyPrefix)
          .where('revoked_at', 'is', null),
      );
    if (page.after !== null) query = query.where('id', '<', page.after);
    return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(tenantOf);
  }

  async update(tx: SystemTx, id: TenantId, change: TenantChange, at: Date): Promise<Tenant | null> {
    const row = await tx
      .$extendTables<TenantTables>()
      .updateTable('tenants')
      .set({ ...change, updated_at: at })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? null : tenantOf(row);
  }
}

function tenantOf(row: TenantTables['tenants']): Tenant {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    externalId: row.external_id,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
