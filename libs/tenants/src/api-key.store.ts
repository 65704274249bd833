import type { ApiKeyId, TenantId } from '#libs/ids';
import type { Db, Tx } from '#libs/postgres';
import type { ApiKey } from './api-key.js';
import type { TenantScope } from './scope.js';
import type { TenantStatus } from './tenant.js';

type ApiKeyTables = {
  api_keys: {
    id: ApiKeyId;
    tenant_id: TenantId;
    name: string;
    scopes: TenantScope[];
    prefix: string;
    hash: Buffer;
    created_at: Date;
    expires_at: Date | null;
    revoked_at: Date | null;
    last_used_at: Date | null;
  };
  tenants: { id: TenantId; name: string; status: TenantStatus };
};

/** A key and what must be known of its tenant to let it in. */
export interface HeldKey {
  readonly apiKey: ApiKey;
  readonly tenantName: string;
  readonly tenantStatus: TenantStatus;
}

const COLUMNS = [
  'api_keys.id',
  'api_keys.tenant_id',
  'api_keys.name',
  'api_keys.scopes',
  'api_keys.prefix',
  'api_keys.created_at',
  'api_keys.expires_at',
  'api_keys.revoked_at',
  'api_keys.last_used_at',
] as const;

/** The api_keys table. The hash goes in and is compared there; it never comes out. */
export class ApiKeyStore {
  async insert(tx: Tx, apiKey: ApiKey, hash: Buffer): Promise<void> {
    await tx
      .$extendTables<ApiKeyTables>()
      .insertInto('api_keys')
      .values({
        id: apiKey.id,
        tenant_id: apiKey.tenantId,
        name: apiKey.name,
        scopes: [...apiKey.scopes],
        prefix: apiKey.prefix,
        hash,
        created_at: apiKey.createdAt,
        expires_at: apiKey.expiresAt,
        revoked_at: apiKey.revokedAt,
        last_used_at: apiKey.lastUsedAt,
      })
      .execute();
  }

  /** Revoked and expired ones too: whoever asks says why a key is refused. */
  async findByHash(db: Db, hash: Buffer): Promise<HeldKey | null> {
    const row = await db
      .$extendTables<ApiKeyTables>()
      .selectFrom('api_keys')
      .innerJoin('tenants', 'tenants.id', 'api_keys.tenant_id')
      .select([...COLUMNS, 'tenants.name as tenant_name', 'tenants.status as tenant_status'])
      .where('api_keys.hash', '=', hash)
      .executeTakeFirst();
    if (row === undefined) return null;
    return { apiKey: apiKeyOf(row), tenantName: row.tenant_name, tenantStatus: row.tenant_status };
  }

  /** Newest first, from behind `after`, without those that are revoked. */
  async list(
    db: Db,
    tenantId: TenantId,
    page: { readonly after: ApiKeyId | null; readonly limit: number },
  ): Promise<readonly ApiKey[]> {
    let query = db
      .$extendTables<ApiKeyTables>()
      .selectFrom('api_keys')
      .select(COLUMNS)
      .where('tenant_id', '=', tenantId)
      .where('revoked_at', 'is', null);
    if (page.after !== null) query = query.where('id', '<', page.after);
    return (await query.orderBy('id', 'desc').limit(page.limit).execute()).map(apiKeyOf);
  }

  /** Null when the tenant has no such key, or none that is still in force. */
  async revoke(tx: Tx, tenantId: TenantId, id: ApiKeyId, at: Date): Promise<ApiKey | null> {
    const row = await tx
      .$extendTables<ApiKeyTables>()
      .updateTable('api_keys')
      .set({ revoked_at: at })
      .where('id', '=', id)
      .where('tenant_id', '=', tenantId)
      .where('revoked_at', 'is', null)
      .returning(COLUMNS)
      .executeTakeFirst();
    return row === undefined ? null : apiKeyOf(row);
  }

  /** Writes only when the last use was noted before `unlessSince`, so a busy key costs no write for each call. */
  async noteUse(db: Db, id: ApiKeyId, at: Date, unlessSince: Date): Promise<void> {
    await db
      .$extendTables<ApiKeyTables>()
      .updateTable('api_keys')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', unlessSince)]))
      .execute();
  }
}

function apiKeyOf(row: Omit<ApiKeyTables['api_keys'], 'hash'>): ApiKey {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    scopes: row.scopes,
    prefix: row.prefix,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
