import type { EventType } from '#libs/events';
import type { AccountId, TenantId, WebhookEndpointId } from '#libs/ids';
import type { Db, SystemDb, Tx } from '#libs/postgres';
import type { EndpointKey, EndpointStatus, SignatureScheme, WebhookEndpoint } from './webhook-endpoint.js';

type EndpointTables = {
  webhook_endpoints: {
    id: WebhookEndpointId;
    tenant_id: TenantId;
    url: string;
    event_types: readonly EventType[] | null;
    account_ids: readonly AccountId[] | null;
    description: string | null;
    status: EndpointStatus;
    signature_schemes: readonly SignatureScheme[];
    created_at: Date;
    updated_at: Date;
    deleted_at: Date | null;
  };
};

export interface EndpointPage {
  readonly limit: number;
  /** Only endpoints made before this one. */
  readonly before?: WebhookEndpointId;
}

/** Endpoints that are not deleted; a deleted one keeps its row for the history of its deliveries alone. */
export class WebhookEndpointStore {
  async insert(tx: Tx, endpoint: WebhookEndpoint): Promise<void> {
    await tx
      .$extendTables<EndpointTables>()
      .insertInto('webhook_endpoints')
      .values({
        id: endpoint.id,
        tenant_id: endpoint.tenantId,
        created_at: endpoint.createdAt,
        deleted_at: null,
        ...changeable(endpoint),
      })
      .execute();
  }

  async update(tx: Tx, endpoint: WebhookEndpoint): Promise<void> {
    await tx
      .$extendTables<EndpointTables>()
      .updateTable('webhook_endpoints')
      .set(changeable(endpoint))
      .where('id', '=', endpoint.id)
      .where('tenant_id', '=', endpoint.tenantId)
      .execute();
  }

  async markDeleted(tx: Tx, { tenantId, id }: EndpointKey, at: Date): Promise<void> {
    await tx
      .$extendTables<EndpointTables>()
      .updateTable('webhook_endpoints')
      .set({ deleted_at: at, updated_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .execute();
  }

  async find(db: Db, tenantId: TenantId, id: WebhookEndpointId): Promise<WebhookEndpoint | undefined> {
    const row = await one(db, tenantId, id).executeTakeFirst();
    return row && endpointOf(row);
  }

  /** Keeps others from changing the endpoint until `tx` ends. */
  async findForUpdate(tx: Tx, tenantId: TenantId, id: WebhookEndpointId): Promise<WebhookEndpoint | undefined> {
    const row = await one(tx, tenantId, id).forNoKeyUpdate().executeTakeFirst();
    return row && endpointOf(row);
  }

  /** Newest first. */
  async list(db: Db, tenantId: TenantId, page: EndpointPage): Promise<readonly WebhookEndpoint[]> {
    let query = db
      .$extendTables<EndpointTables>()
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('deleted_at', 'is', null)
      .orderBy('id', 'desc')
      .limit(page.limit);
    if (page.before !== undefined) query = query.where('id', '<', page.before);
    return (await query.execute()).map(endpointOf);
  }

  /** All endpoints of these tenants. */
  async listOf(db: SystemDb, tenantIds: readonly TenantId[]): Promise<readonly WebhookEndpoint[]> {
    const rows = await db
      .$extendTables<EndpointTables>()
      .selectFrom('webhook_endpoints')
      .selectAll()
      .where('tenant_id', 'in', tenantIds)
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map(endpointOf);
  }
}

function one(db: Db, tenantId: TenantId, id: WebhookEndpointId) {
  return db
    .$extendTables<EndpointTables>()
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null);
}

function changeable(endpoint: WebhookEndpoint) {
  return {
    url: endpoint.url,
    event_types: endpoint.eventTypes,
    account_ids: endpoint.accountIds,
    description: endpoint.description,
    status: endpoint.status,
    signature_schemes: endpoint.signatureSchemes,
    updated_at: endpoint.updatedAt,
  };
}

function endpointOf(row: EndpointTables['webhook_endpoints']): WebhookEndpoint {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    url: row.url,
    eventTypes: row.event_types,
    accountIds: row.account_ids,
    description: row.description,
    status: row.status,
    signatureSchemes: row.signature_schemes,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
